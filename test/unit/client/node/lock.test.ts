import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { takeLock } from "../../../../client/node/lock.ts";
import { lifeOf, ownFacts } from "../../../../client/node/process-facts.ts";

let root: string;
let path: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "icecore-lock-"));
  path = join(root, "lock");
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function locked() {
  const outcome = await takeLock(path);
  if (outcome.is !== "locked") throw new Error(`held ${outcome.by}`);
  return outcome.lock;
}

/** Leaves a ticket as another process would have. */
function ticketAs(changes: object): void {
  mkdirSync(path, { recursive: true });
  const folder = String(statSync(path, { bigint: true }).ino);
  writeFileSync(
    join(path, "00000007"),
    JSON.stringify({ format: "icecore-lock-1", ...ownFacts(), folder, ...changes }),
  );
}

const endedPid = (): number => spawnSync(process.execPath, ["-e", ""]).pid;

describe("A lock between processes", () => {
  it("is held by one, also within a process, and can be taken again after it was given back", async () => {
    const first = await locked();
    expect(await takeLock(path)).toMatchObject({ is: "held", by: "in this process" });
    first.release();
    const second = await locked();
    expect(await takeLock(path)).toMatchObject({ is: "held" });
    second.release();
    expect(readdirSync(path)).toEqual(["00000002"]);
  });

  it("names the process that holds it", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000); console.log('up')"]);
    await new Promise((resolve) => child.stdout.once("data", resolve));
    ticketAs({ pid: child.pid, started: null });
    expect(await takeLock(path)).toMatchObject({ is: "held", by: `in process ${child.pid}`, fix: null });
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
    (await locked()).release();
  });

  it("is taken over from a process that has ended, with the next number", async () => {
    ticketAs({ pid: endedPid() });
    (await locked()).release();
    expect(readdirSync(path)).toEqual(["00000008"]);
  });

  it("is free in a copy of the folder, while the original is held", async () => {
    const lock = await locked();
    cpSync(path, join(root, "copy"), { recursive: true });
    expect(await takeLock(join(root, "copy"))).toMatchObject({ is: "locked" });
    lock.release();
  });

  it("is free where a power cut left nothing in the ticket, and is not taken from an unknown release", async () => {
    for (const text of ["", "\0\0\0\0"]) {
      ticketAs({});
      writeFileSync(join(path, "00000007"), text);
      (await locked()).release();
      await rm(path, { recursive: true });
    }
    ticketAs({ format: "icecore-lock-2" });
    expect(await takeLock(path)).toMatchObject({ is: "held", by: "in another release of icecore" });
    expect(readFileSync(join(path, "00000007"), "utf8")).toContain("icecore-lock-2");
  });

  it("gives way when others have gone on to a higher number meanwhile", async () => {
    mkdirSync(path);
    writeFileSync(join(path, "00000003"), "");
    writeFileSync(join(path, "00000009"), "");
    (await locked()).release();
    expect(readdirSync(path)).toEqual(["00000010"]);
  });

  it("sweeps what killed processes left unfinished", async () => {
    mkdirSync(join(path, "ticket-abcdef"), { recursive: true });
    writeFileSync(join(path, "ticket-abcdef", "ticket"), "half");
    (await locked()).release();
    expect(readdirSync(path)).toEqual(["00000001"]);
  });
});

describe("Who a process is", () => {
  it("tells a living process from one that has ended", () => {
    const own = ownFacts();
    expect(lifeOf(own)).toBe("alive");
    expect(lifeOf({ ...own, pid: endedPid() })).toBe("dead");
  });

  it("knows a process for dead after a boot, and where its id belongs to another by now as far as the system tells", () => {
    const own = { ...ownFacts(), boot: "this boot" };
    expect(lifeOf({ ...own, boot: "the boot before" }, own)).toBe("dead");
    expect(lifeOf({ ...own, started: "1" }, own)).toBe(ownFacts().started === null ? "alive" : "dead");
  });

  it("cannot tell of a process of another container, unless the machine was booted since", () => {
    const own = { ...ownFacts(), boot: "this boot", space: "pid:[1]" };
    const other = { ...own, pid: endedPid(), space: "pid:[2]" };
    expect(lifeOf(other, own)).toBe("elsewhere");
    expect(lifeOf({ ...other, boot: "the boot before" }, own)).toBe("dead");
  });

  it("takes what is not known of both for no difference", () => {
    expect(lifeOf({ ...ownFacts(), started: null, boot: null, space: null })).toBe("alive");
  });
});
