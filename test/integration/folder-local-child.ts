/**
 * One of the processes of folder-local-kills.test.ts. Opens the store as soon as it is free, commits numbered rows until SIGTERM or a
 * kill, and writes to its own log, synced, what it knows for sure. Arguments: folder, log, own name.
 *
 * Every commit raises `count` by one and puts the same number into a row of its own, with a row that is written again and again so
 * that the file is tidied now and then, now and then so long that another thread writes it.
 */
import { fsyncSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import type { LocalRows } from "../../client/local/local.ts";
import { folderLocal } from "../../client/node/folder.ts";
import { StoreError } from "../../shared/errors.ts";
import { storeId } from "../../test-kit/local-contract-parts.ts";

const [folder = "", log = "", name = ""] = process.argv.slice(2);
const logFd = openSync(log, "a");
const holder = `${folder}.holder`;
let going = true;
process.once("SIGTERM", () => {
  going = false;
});

while (going) {
  const rows = await openWhenFree();
  if (rows) await work(rows);
}

async function openWhenFree(): Promise<LocalRows | null> {
  try {
    return await folderLocal(folder).open(storeId("family"));
  } catch (error) {
    if (!(error instanceof StoreError && error.kind === "conflict")) throw error;
    await wait(5);
    return null;
  }
}

async function work(rows: LocalRows): Promise<void> {
  enter();
  let count = Number((await rows.load()).get("count") ?? 0);
  note(`opened ${count}`);
  const turns = 20 + Math.floor(Math.random() * 200);
  for (let i = 0; going && i < turns; i++) {
    count += 1;
    const put = new Map([
      ["count", String(count)],
      [`row ${count}`, name],
      ["again", "x".repeat(i % 25 === 7 ? 300_000 : 2_000)],
    ]);
    note(`begins ${count}`);
    await rows.commit({ put, delete: [`row ${count - 50}`] });
    note(`saved ${count}`);
  }
  rmSync(holder);
  await rows.close();
}

/** Whoever finds a living process's name here has met another one inside. */
function enter(): void {
  try {
    const pid = Number(readFileSync(holder, "utf8"));
    process.kill(pid, 0);
    if (!isZombie(pid)) note(`met ${pid}`);
  } catch {
    // Nobody, or somebody who was killed inside.
  }
  writeFileSync(holder, String(process.pid));
}

/** Killed, all its threads have ended, and its parent has not looked yet. */
function isZombie(pid: number): boolean {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return /^State:\s+Z/m.test(status) && readdirSync(`/proc/${pid}/task`).length === 1;
}

function note(line: string): void {
  writeSync(logFd, `${line}\n`);
  fsyncSync(logFd);
}
