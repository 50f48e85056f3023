/**
 * Replaced objects: version 0 of K is the file K, version N is `K.versions/<N div 64>/<N>`, a "generation" of 64 each.
 * Why a swap is safe without locks: (1) link() gives the name N+1 to one writer only. (2) Names inside a generation are
 * never removed one by one, so a taken name stays taken while its generation stands. (3) A generation g is removed
 * (whole, by one rename) only when g+2 holds a version, and the two newest always stand. So a stale writer finds
 * EEXIST, or ENOENT, or it links into a removed or re-made g: then g+2 or more stands, and as it looks *after* its link
 * it answers `unknown`, never `stored`. (4) A reader looks again after opening, too: without g+2 nothing that it
 * saw was a re-made g, so the highest version in it was current while it read.
 */
import fs from "node:fs";
import { StoreError } from "../shared/errors.ts";
import type { Etag } from "../shared/ports/bucket.ts";
import { absentCodes, type FileFacts, factsOf, unless } from "./folder-files.ts";
import { versionsSuffix } from "./key-rules.ts";
import { generationSize, readRoundsMax, seenVersionsMax } from "./limits.ts";

/** An open file that held the current version. The caller closes it. */
export interface OpenVersion {
  readonly fd: number;
  readonly number: number;
  readonly etag: Etag;
  readonly bytes: number;
  readonly lastModified: number;
}

export function versionsPath(file: string): string {
  return file + versionsSuffix;
}

export function generationOf(version: number): number {
  return Math.floor(version / generationSize);
}

export function generationPath(file: string, generation: number): string {
  return `${versionsPath(file)}/${generation}`;
}

export function versionPath(file: string, version: number): string {
  return version === 0 ? file : `${generationPath(file, generationOf(version))}/${version}`;
}

/** True for the version whose writer makes the generation's directory. Version 0 has none. */
export function isFirstOfGeneration(version: number): boolean {
  return version === 1 || version % generationSize === 0;
}

/**
 * Every process derives it from the file alone, without reading it. The number tells versions apart; inode, time and size
 * tell apart two files that had the same number, one of which was pruned or deleted: link() changes none of them.
 */
export function etagOf(version: number, { ino, mtimeMs, size }: FileFacts): Etag {
  const parts = [version, ino, Math.round(mtimeMs * 1000), size];
  return `"${parts.map((part) => part.toString(36)).join("-")}"`;
}

/** The version number in an etag of ours; undefined for any other text. */
export function versionOf(etag: Etag): number | undefined {
  const number = /^"([0-9a-z]{1,10})(?:-[0-9a-z]{1,20}){3}"$/.exec(etag)?.[1];
  return number === undefined ? undefined : Number.parseInt(number, 36);
}

/** The generations that stand, newest first; empty when the key was never replaced. */
export function generationsOf(file: string): readonly number[] {
  return numbersIn(versionsPath(file));
}

/** True when `generation` may have been removed, and perhaps made again, in the past: rule (3). */
export function maybePruned(file: string, generation: number): boolean {
  return (generationsOf(file)[0] ?? -1) >= generation + 2;
}

/** Etags that this process last saw as current, by file: where to look first. Only of replaced objects. */
export type SeenVersions = Map<string, Etag>;

/**
 * True when the version with this etag is current, proven by two looks: N+1 is not there, then N still is. A generation
 * that holds N after the first look was not pruned before it, nor the next one, so an absent N+1 was never made. For
 * version 0, which no pruning removes, only the absence of every later version proves it. False proves nothing.
 */
export function isProvenCurrent(file: string, etag: Etag): boolean {
  const number = versionOf(etag);
  if (number === undefined || isFollowed(file, number)) return false;
  const facts = factsOf(versionPath(file, number));
  return facts !== undefined && etagOf(number, facts) === etag;
}

function isFollowed(file: string, number: number): boolean {
  return factsOf(number === 0 ? versionsPath(file) : versionPath(file, number + 1)) !== undefined;
}

/** Opens the current version; undefined when the key is absent. */
export function openCurrent(file: string, seen: SeenVersions): OpenVersion | undefined {
  const proven = openSeen(file, seen.get(file));
  if (proven) return proven;
  const opened = search(file);
  seen.delete(file);
  if (opened && opened.number > 0) seen.set(file, opened.etag);
  if (seen.size > seenVersionsMax) seen.clear();
  return opened;
}

/** The same proof as isProvenCurrent, whose second look is the opening. */
function openSeen(file: string, etag: Etag | undefined): OpenVersion | undefined {
  const number = etag === undefined ? undefined : versionOf(etag);
  if (number === undefined || isFollowed(file, number)) return undefined;
  const opened = openVersion(file, number);
  if (!opened || opened.etag === etag) return opened;
  fs.closeSync(opened.fd);
  return undefined;
}

function search(file: string): OpenVersion | undefined {
  for (let round = 0; round < readRoundsMax; round++) {
    if (!isFollowed(file, 0)) return openVersion(file, 0);
    const opened = openNewest(file);
    if (opened !== "moved") return opened;
  }
  throw new StoreError({
    kind: "unavailable",
    what: `${file} was replaced too fast to be read`,
    fix: "Try again.",
  });
}

function openNewest(file: string): OpenVersion | undefined | "moved" {
  const newest = newestVersion(file);
  const opened = openVersion(file, newest);
  if (maybePruned(file, generationOf(newest))) {
    if (opened) fs.closeSync(opened.fd);
    return "moved";
  }
  return opened ?? (newest === 0 ? undefined : "moved");
}

/** A generation is empty between its making and its first version: then the one before it holds the newest. */
function newestVersion(file: string): number {
  for (const generation of generationsOf(file)) {
    const newest = numbersIn(generationPath(file, generation))[0];
    if (newest !== undefined) return newest;
  }
  return 0;
}

function openVersion(file: string, number: number): OpenVersion | undefined {
  const fd = unless(absentCodes, () => fs.openSync(versionPath(file, number), "r"));
  if (fd === undefined) return undefined;
  const facts = fs.fstatSync(fd);
  if (facts.isFile())
    return {
      fd,
      number,
      etag: etagOf(number, facts),
      bytes: facts.size,
      lastModified: Math.floor(facts.mtimeMs),
    };
  fs.closeSync(fd);
  return undefined;
}

/** The names in a directory that are numbers, largest first; none when it is absent. */
function numbersIn(directory: string): readonly number[] {
  const names = unless(absentCodes, () => fs.readdirSync(directory)) ?? [];
  return names
    .filter((name) => /^\d{1,15}$/.test(name))
    .map(Number)
    .sort((a, b) => b - a);
}
