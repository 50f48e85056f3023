/**
 * What one process of a stress run knows for sure, line by line, synced: its local storage (docs/protocol.md, "What is assumed").
 * A line that was being written at a kill has no end and does not count.
 */
import { existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import type { BucketCounts } from "../../bucket/counting.ts";

export interface Journal {
  note(...words: readonly (string | number)[]): void;
}

export function openJournal(file: string): Journal {
  if (existsSync(file)) truncateSync(file, readFileSync(file).lastIndexOf(0x0a) + 1);
  const fd = openSync(file, "a");
  return {
    note(...words) {
      writeSync(fd, `${words.join(" ")}\n`);
      fsyncSync(fd);
    },
  };
}

export function readJournal(file: string): readonly (readonly string[])[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split(" "));
}

/** The requests of this life of a process so far; a later line of the same life replaces it. */
export function noteCounts(journal: Journal, { get, put, swap, list }: BucketCounts): void {
  journal.note("requests", process.pid, get, put, swap, list);
}

export interface Requests {
  readonly get: number;
  readonly put: number;
  readonly swap: number;
  readonly list: number;
}

/** Of all lives together. */
export function requestsIn(lines: readonly (readonly string[])[]): Requests {
  const lives = new Map<string, readonly number[]>();
  for (const [word, life = "", ...counts] of lines)
    if (word === "requests") lives.set(life, counts.map(Number));
  const sum = (i: number) => [...lives.values()].reduce((total, counts) => total + (counts[i] ?? 0), 0);
  return { get: sum(0), put: sum(1), swap: sum(2), list: sum(3) };
}
