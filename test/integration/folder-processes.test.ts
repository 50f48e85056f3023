import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createFolderBucket } from "../../bucket/folder.ts";
import type { Bucket, PutContent } from "../../shared/ports/bucket.ts";

const childScript = fileURLToPath(new URL("folder-processes-child.ts", import.meta.url));
const processes = 4;
/** The run ends when both are reached: by progress, not by the clock, so that a busy machine only takes longer. */
const killsWanted = 8;
const acknowledgedWanted = 60;
/** A run that makes no progress for so long has hung. */
const runMsMax = 150_000;
/** After its first acknowledged write a process lives for up to this long. */
const lifeMsMax = 250;
/** Swaps made in peace beforehand: the processes soon reach version 128, where the first pruning is, then 192. */
const swapsBefore = 120;

describe("The folder bucket under several processes that are killed", () => {
  let folder: string;
  let logs: string;
  let bucket: Bucket;
  let kills = 0;
  let lines: readonly { readonly by: string; readonly words: readonly string[] }[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "icecore-processes-"));
    logs = await mkdtemp(join(tmpdir(), "icecore-logs-"));
    bucket = await createFolderBucket(folder);
    await countTo(bucket, swapsBefore);
    kills = await runAndKill(folder, logs);
    lines = await readLogs(logs);
  }, 170_000);

  afterAll(async () => {
    await rm(folder, { recursive: true });
    await rm(logs, { recursive: true });
  });

  it("counts every acknowledged swap exactly once, and at most one unacknowledged swap a kill", async () => {
    const acknowledged = lines.filter(({ words }) => words[0] === "stored").length;
    const unknown = lines.filter(({ words }) => words[0] === "unknown").length;
    const { count } = JSON.parse(await bodyOf(bucket, "counter.json")) as { count: number };
    expect(kills).toBeGreaterThanOrEqual(killsWanted);
    expect(acknowledged).toBeGreaterThanOrEqual(acknowledgedWanted);
    expect(count).toBeGreaterThanOrEqual(swapsBefore + acknowledged);
    expect(count).toBeLessThanOrEqual(swapsBefore + acknowledged + unknown + kills);
  });

  it("acknowledges each count to one process only", () => {
    const counts = lines.filter(({ words }) => words[0] === "stored").map(({ words }) => words[1]);
    expect(new Set(counts).size).toBe(counts.length);
  });

  it("never shows a process an older count than it saw before, nor no counter at all", () => {
    expect(lines.filter(({ words }) => words[0] === "backwards" || words[0] === "missing")).toEqual([]);
  });

  it("gives each new key to one process, whose bytes it then holds", async () => {
    const taken = lines.filter(({ words }) => words[0] === "took");
    const keys = taken.map(({ words }) => words[1] ?? "");
    expect(keys.length).toBeGreaterThanOrEqual(5);
    expect(new Set(keys).size).toBe(keys.length);
    for (const { by, words } of taken)
      expect(JSON.parse(await bodyOf(bucket, words[1] ?? ""))).toEqual({ by });
  });

  it("lists whole objects only: no leftover of a killed process, no version", async () => {
    const { objects } = await bucket.list("");
    const odd = objects.filter(({ key }) => key !== "counter.json" && !/^keys\/\d{4}\.json$/.test(key));
    expect(odd).toEqual([]);
    for (const { key } of objects) expect(JSON.parse(await bodyOf(bucket, key))).toHaveProperty("by");
  });

  it("keeps only the newest generations of versions", async () => {
    const generations = await readdir(join(folder, "counter.json.versions"));
    // Three, when the pruning process was killed between its swap and its pruning: one more.
    expect(generations.length).toBeLessThanOrEqual(4);
  });
});

async function countTo(bucket: Bucket, last: number): Promise<void> {
  const counter = (count: number): PutContent => ({
    body: Buffer.from(JSON.stringify({ count, by: "nobody" })),
    contentType: "application/json",
    cacheControl: "no-store",
  });
  let answer = await bucket.putIfAbsent("counter.json", counter(0));
  for (let count = 1; count <= last; count++) {
    if (answer.is !== "stored") throw new Error(`could not count: ${answer.is}`);
    answer = await bucket.putIfMatch("counter.json", counter(count), answer.etag);
  }
}

interface Child {
  readonly process: ChildProcess;
  readonly log: string;
}

/** Keeps `processes` children at work, killing one of them at random now and then. Gives the number of kills. */
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
  while (Date.now() < end && (kills < killsWanted || (await acknowledgedIn(logs)) < acknowledgedWanted)) {
    const at = Math.floor(Math.random() * processes);
    await untilItWrites(children[at], end);
    await wait(Math.random() * lifeMsMax);
    await stop(children[at]?.process, "SIGKILL");
    children[at] = start();
    kills += 1;
  }
  await Promise.all(children.map((child) => stop(child.process, "SIGTERM")));
  return kills;
}

/** A kill during the start of a process would test nothing. */
async function untilItWrites(child: Child | undefined, end: number): Promise<void> {
  while (child && Date.now() < end) {
    if (statSync(child.log, { throwIfNoEntry: false })?.size) return;
    await wait(10);
  }
}

async function acknowledgedIn(logs: string): Promise<number> {
  return (await readLogs(logs)).filter(({ words }) => words[0] === "stored").length;
}

async function stop(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}

async function readLogs(logs: string): Promise<{ by: string; words: string[] }[]> {
  const lines = [];
  for (const by of await readdir(logs)) {
    const text = await readFile(join(logs, by), "utf8");
    // A line without its end was being written at the kill: not acknowledged.
    for (const line of text.split("\n").slice(0, -1)) lines.push({ by, words: line.split(" ") });
  }
  return lines;
}

async function bodyOf(bucket: Bucket, key: string): Promise<string> {
  const got = await bucket.get(key);
  if (got.is !== "found") throw new Error(`${key} is ${got.is}`);
  return new TextDecoder().decode(got.body);
}
