import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Rows } from "../../client/local/local.ts";
import { folderLocal } from "../../client/node/folder.ts";
import { withRows } from "../../test-kit/local-contract-parts.ts";

const childScript = fileURLToPath(new URL("folder-local-child.ts", import.meta.url));
const processes = 3;
/** By progress, not by the clock, so that a busy machine only takes longer. */
const killsWanted = 12;
const savedWanted = 200;
const runMsMax = 60_000;
/** After its first line a process lives for up to this long. */
const lifeMsMax = 300;

interface Note {
  readonly by: string;
  readonly word: string;
  readonly count: number;
}

describe("The folder storage under processes that are killed", () => {
  let folder: string;
  let logs: string;
  let kills = 0;
  let notes: readonly Note[];
  let rows: Rows;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "icecore-kills-"));
    logs = await mkdtemp(join(tmpdir(), "icecore-logs-"));
    kills = await runAndKill(folder, logs);
    notes = await readNotes(logs);
    rows = await withRows(folderLocal(folder), "family", (open) => open.load());
  }, 120_000);

  afterAll(async () => {
    for (const path of [folder, logs, `${folder}.holder`]) await rm(path, { recursive: true, force: true });
  });

  it("has killed often enough, in the middle of enough commits, to mean something", () => {
    expect(kills).toBeGreaterThanOrEqual(killsWanted);
    expect(counts(notes, "saved").length).toBeGreaterThanOrEqual(savedWanted);
    expect(counts(notes, "begins").length).toBeGreaterThan(counts(notes, "saved").length);
  });

  it("never let two processes have the store at once", () => {
    expect(notes.filter(({ word }) => word === "met")).toEqual([]);
  });

  it("kept every commit that had resolved, counted once each, in an order without gaps", () => {
    const saved = counts(notes, "saved");
    expect(new Set(saved).size).toBe(saved.length);
    const last = Number(rows.get("count"));
    expect(last).toBeGreaterThanOrEqual(Math.max(...saved));
    expect(last).toBeLessThanOrEqual(saved.length + kills);
    const lost = saved.filter((count) => count > last);
    expect(lost).toEqual([]);
  });

  it("showed each process that opened it a prefix of the commits with every resolved one in it", () => {
    const opened = notes.filter(({ word }) => word === "opened");
    const begun = counts(notes, "begins");
    // What one saw is where it went on: the next number it begins is one more, and nobody saved that before it.
    expect(opened.length).toBeGreaterThanOrEqual(killsWanted);
    for (const { count } of opened) {
      const savedBefore = counts(notes, "saved").filter((saved) => saved <= count);
      const unresolved = count - savedBefore.length;
      expect(unresolved).toBeGreaterThanOrEqual(0);
      expect(unresolved).toBeLessThanOrEqual(kills);
      expect(count === 0 || begun.includes(count)).toBe(true);
    }
  });

  it("left whole commits only: the rows of the last fifty, and no other", () => {
    const last = Number(rows.get("count"));
    const keys = [...rows.keys()].filter((key) => key.startsWith("row "));
    const wanted = Array.from({ length: Math.min(last, 50) }, (_, i) => `row ${last - i}`);
    expect([...keys].sort()).toEqual([...wanted].sort());
  });

  it("left nothing in the folder but the journal and the lock", async () => {
    expect((await readdir(join(folder, "family"))).sort()).toEqual(["journal", "lock"]);
  });
});

function counts(notes: readonly Note[], wanted: string): readonly number[] {
  return notes.flatMap(({ word, count }) => (word === wanted ? [count] : []));
}

interface Child {
  readonly process: ChildProcess;
  readonly log: string;
}

async function runAndKill(folder: string, logs: string): Promise<number> {
  let started = 0;
  const start = (): Child => {
    const name = `child-${started++}`;
    const log = join(logs, name);
    const args = ["--import", "tsx", childScript, folder, log, name];
    return { process: spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] }), log };
  };
  const children = Array.from({ length: processes }, start);
  const end = Date.now() + runMsMax;
  let kills = 0;
  while (Date.now() < end && (kills < killsWanted || (await savedIn(logs)) < savedWanted)) {
    const child = await firstAtWork(children, end);
    await wait(Math.random() * lifeMsMax);
    await stop(child?.process, "SIGKILL");
    if (child) children[children.indexOf(child)] = start();
    kills += 1;
  }
  await Promise.all(children.map((child) => stop(child.process, "SIGTERM")));
  return kills;
}

/** The one that has the store: its log grew last. A kill while it starts would test nothing. */
async function firstAtWork(children: readonly Child[], end: number): Promise<Child | undefined> {
  while (Date.now() < end) {
    const grown = children.map((child) => statSync(child.log, { throwIfNoEntry: false }));
    const newest = Math.max(...grown.map((facts) => (facts?.size ? facts.mtimeMs : 0)));
    const found = children[grown.findIndex((facts) => facts?.size && facts.mtimeMs === newest)];
    if (found && Date.now() - newest < 100) return found;
    await wait(10);
  }
  return undefined;
}

async function savedIn(logs: string): Promise<number> {
  return counts(await readNotes(logs), "saved").length;
}

async function stop(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}

async function readNotes(logs: string): Promise<readonly Note[]> {
  const notes: Note[] = [];
  for (const by of await readdir(logs)) {
    // A line without its end was being written at the kill: it says nothing for sure.
    for (const line of (await readFile(join(logs, by), "utf8")).split("\n").slice(0, -1)) {
      const [word = "", count] = line.split(" ");
      notes.push({ by, word, count: Number(count) });
    }
  }
  return notes;
}
