/**
 * What an audit says of raw updates. Pure.
 *
 * At or below publishedThrough each must be in the log: its mark covers it. One whose app's mark is lower may be lost,
 * unless the same (app, seq) waits above publishedThrough: then its writer found the seal and is sending it again.
 */
import { isMissing, type Marks, markOf } from "../wire/marks.ts";
import { formatTimestamp } from "../wire/time.ts";
import type { Finding } from "./audit.ts";
import type { RawObject } from "./publish-build.ts";

export type RawVerdict =
  /** At or below publishedThrough and in the log: a ghost, or not yet deleted. */
  | { readonly is: "covered" }
  /** Above publishedThrough: the next rounds take it, or drop it as a copy. */
  | { readonly is: "waiting" }
  /** Perhaps lost, unless its (app, seq) waits. `name` says which. */
  | { readonly is: "suspect"; readonly name: string; readonly finding: Finding }
  | { readonly is: "noted"; readonly finding: Finding };

const asideFix =
  "The next rollup sets it aside in a segment and goes on; if it matters, send it again as an update.";
const lostFix =
  "If its app is still sending, verify again in a minute. Else copy the object before any gc, and send its actions again as a new update.";
const passedFix = "Its app holds it as a dead letter, or gave it up; nothing needs to be done.";

/** One that lies at or below publishedThrough. `marks` are those at its end, `setAside` the raw keys that segments list. */
export function judgePublished(raw: RawObject, marks: Marks, setAside: ReadonlySet<string>): RawVerdict {
  if (raw.is === "setAside") return setAside.has(raw.key) ? { is: "covered" } : unlisted(raw);
  const { app, seq } = raw.update;
  const mark = markOf(marks, app);
  if (seq > mark.seq) {
    const what = `Update (app ${app}, seq ${seq}) lies at or below publishedThrough, but the log of its app ends at seq ${mark.seq}: it may be lost`;
    const finding = { severity: "error", rule: "lost-update", key: raw.key, what, fix: lostFix } as const;
    return { is: "suspect", name: rawName(raw), finding };
  }
  if (!isMissing(mark, seq)) return { is: "covered" };
  const what = `Update (app ${app}, seq ${seq}) came too late for ${formatTimestamp(raw.timestamp)} and is not in the log`;
  return {
    is: "noted",
    finding: { severity: "warning", rule: "passed-update", key: raw.key, what, fix: passedFix },
  };
}

/** One that lies above publishedThrough. */
export function judgeWaiting(raw: RawObject): RawVerdict {
  if (raw.is === "update") return { is: "waiting" };
  const what = `It is no update: ${raw.setAside.reason}`;
  return {
    is: "noted",
    finding: { severity: "warning", rule: "raw-unreadable", key: raw.key, what, fix: asideFix },
  };
}

/** "app seq": the idempotency key. */
export function rawName(raw: RawObject & { readonly is: "update" }): string {
  return `${raw.update.app} ${raw.update.seq}`;
}

function unlisted(raw: RawObject & { readonly is: "setAside" }): RawVerdict {
  const what = `It came too late to be published and is no update: ${raw.setAside.reason}`;
  const fix = "Delete it, or let gc do so.";
  return { is: "noted", finding: { severity: "warning", rule: "raw-unreadable", key: raw.key, what, fix } };
}
