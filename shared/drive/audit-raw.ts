/** The raw updates of an audited store: each read once, a page at a time; nothing of them is kept. */
import type { Finding, Findings } from "../log/audit.ts";
import type { LogPoint } from "../log/audit-log.ts";
import { notCompared } from "../log/audit-objects.ts";
import { judgePublished, judgeWaiting, type RawVerdict, rawName } from "../log/audit-raw.ts";
import { type RawObject, readRaw } from "../log/publish-build.ts";
import type { Listed } from "../ports/bucket.ts";
import type { StoreId } from "../wire/ids.ts";
import { parseUpdateKey, updatesPrefix } from "../wire/keys.ts";
import type { Timestamp } from "../wire/time.ts";
import { eachListed, readBody } from "./audit-read.ts";
import type { Host } from "./run.ts";

export interface RawCounts {
  /** Update objects that are still there. */
  readonly total: number;
  /** Of them, stored within 5 s of their timestamp (requirement G1). */
  readonly near: number;
  /** Above publishedThrough. */
  readonly waiting: number;
  /** Timestamp of the oldest that waits. */
  readonly waitingSince: Timestamp | null;
  /** At or below publishedThrough and in the log: gc deletes them. */
  readonly covered: number;
  /** Objects under the prefix that are not icecore's. */
  readonly foreign: number;
}

/** Requirement G1: "near (about 5 s) the time it is stored". */
const nearMs = 5_000;

interface RawAudit {
  readonly counts: RawCounts;
  /** Perhaps lost updates: the log may have moved on meanwhile. */
  readonly suspects: readonly Finding[];
}

export async function auditRaw(
  host: Host,
  store: StoreId,
  log: { readonly point: LogPoint; readonly setAside: ReadonlySet<string>; readonly findings: Findings },
): Promise<RawAudit> {
  const { point, setAside, findings } = log;
  const counts = { total: 0, near: 0, waiting: 0, covered: 0, foreign: 0 };
  let waitingSince: Timestamp | null = null;
  const suspects = new Map<string, Finding>();
  let unknown = 0;

  function judge(raw: RawObject): RawVerdict {
    return raw.timestamp <= point.through ? judgePublished(raw, point.marks, setAside) : judgeWaiting(raw);
  }

  function take(raw: RawObject): void {
    const verdict = judge(raw);
    if (raw.timestamp > point.through) {
      counts.waiting += 1;
      waitingSince ??= raw.timestamp;
      if (raw.is === "update") suspects.delete(rawName(raw));
    }
    if (verdict.is === "covered") counts.covered += 1;
    else if (verdict.is === "noted") findings.note(verdict.finding);
    else if (verdict.is === "suspect" && point.whole) suspects.set(verdict.name, verdict.finding);
    else if (verdict.is === "suspect") unknown += 1;
  }

  await eachListed(host, updatesPrefix(store), async (page) => {
    const known = page.filter((object) => parseUpdateKey(object.key)?.store === store);
    for (const { key } of page.filter((object) => !known.includes(object)))
      findings.note(foreignFinding(key));
    counts.foreign += page.length - known.length;
    counts.total += known.length;
    counts.near += known.filter(isNear).length;
    for (const raw of await readRaws(host, known)) take(raw);
  });
  if (unknown > 0) findings.note(notCompared(updatesPrefix(store), "raw updates"));
  return { counts: { ...counts, waitingSince }, suspects: [...suspects.values()] };
}

export function foreignFinding(key: string): Finding {
  const what = `Its name ${JSON.stringify(key.slice(0, 200))} is none that icecore gives: it is ignored`;
  return {
    severity: "warning",
    rule: "foreign",
    key,
    what,
    fix: "Find out who put it there, and move it elsewhere.",
  };
}

function isNear({ key, lastModified }: Listed): boolean {
  const timestamp = parseUpdateKey(key)?.timestamp;
  return timestamp !== undefined && Math.abs(timestamp - lastModified) <= nearMs;
}

/** What is gone by now was published and deleted meanwhile. */
async function readRaws(host: Host, listed: readonly Listed[]): Promise<readonly RawObject[]> {
  const { parallelGets, storedActionsBytesMax } = host.settings;
  const raws: RawObject[] = [];
  for (let i = 0; i < listed.length; i += parallelGets) {
    const group = listed.slice(i, i + parallelGets);
    const bodies = await Promise.all(group.map(({ key }) => readBody(host, key, storedActionsBytesMax)));
    for (const [j, body] of bodies.entries()) {
      const key = group[j]?.key;
      if (key !== undefined && body.is !== "absent") raws.push(readRaw(key, body, host.settings));
    }
  }
  return raws;
}
