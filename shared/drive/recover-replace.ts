/**
 * The head that a recovery replaces: none, one of no use, or, where that was asked for, a good one that names what is gone or damaged.
 *
 * Replacing a good head is losing it and recovering at once: the claim takes its place by compare-and-swap of that very head, so a head that
 * moved on meanwhile stays. It is done only where an audit of this head found a named object missing or damaged, and only with its whole
 * log: some segment that is left must end where the head's last one ends, with the log's hash that the head lists there, which proves every
 * update before it.
 */
import { StoreError } from "../errors.ts";
import { type Finding, restoreFix } from "../log/audit.ts";
import { getHead, readHead } from "../log/head-read.ts";
import type { Etag } from "../ports/bucket.ts";
import type { Head, SegmentEntry } from "../wire/head.ts";
import type { StoreId } from "../wire/ids.ts";
import { headKey } from "../wire/keys.ts";
import { auditStore } from "./audit.ts";
import { requireNoHead } from "./recover-claim.ts";
import { getObject, type Host } from "./run.ts";

/** Where a log has to come to: position and hash of a head's last segment. */
export type Place = Pick<SegmentEntry, "through" | "hash">;

export interface Before {
  /** What lies in the head's place; null: nothing. */
  readonly etag: Etag | null;
  /** Null where no good head is replaced. */
  readonly place: Place | null;
}

/** Throws StoreError: "rejected" where there is a head, and with `replaceHead` where that head is whole. */
export async function requireReplaceable(host: Host, store: StoreId, replaceHead: boolean): Promise<Before> {
  const read = replaceHead ? readHead(store, await getObject(getHead(store), host)) : null;
  if (!read?.ok) return { etag: await requireNoHead(host, store), place: null };
  const { head, etag } = read.known;
  const audit = await auditStore(host, { store });
  if (audit.head?.rev !== head.rev || audit.head.epoch !== head.epoch) throw movedOn(store);
  const closed = audit.findings.find(isClosed);
  if (closed) throw notForUs(store, closed);
  if (!audit.findings.some(isLoss)) throw headWhole(store, head);
  const last = head.segments.at(-1);
  if (!last) throw nothingListed(store);
  return { etag, place: last };
}

/** What the head names is gone, cannot be read, or is not what was published. */
export function isLoss({ severity, rule }: Finding): boolean {
  return severity === "error" && losses.has(rule);
}

const losses: ReadonlySet<string> = new Set([
  "missing",
  "unreadable",
  "segment",
  "snapshot",
  "snapshot-log",
  "marks",
  "index",
]);

/** Whole, only not for who looks: of a newer release, or locked. */
export function isClosed({ rule, fix }: Finding): boolean {
  return rule === "unreadable" && fix !== restoreFix;
}

function movedOn(store: StoreId): StoreError {
  return new StoreError({
    kind: "conflict",
    what: `The head of store "${store}" moved on while it was looked at`,
    fix: "Nothing was changed: stop the rollups, then run it again.",
    store,
    key: headKey(store),
  });
}

function notForUs(store: StoreId, { key, what, fix }: Finding): StoreError {
  return new StoreError({ kind: "incompatible", what: `${key}: ${what}`, fix, store, key });
}

function headWhole(store: StoreId, { rev }: Head): StoreError {
  return new StoreError({
    kind: "rejected",
    what: `Store "${store}" has a head (rev ${rev}) and everything that it names is there, so it is not replaced`,
    fix: `"icecore verify --store ${store}" lists what else there is.`,
    store,
    key: headKey(store),
  });
}

function nothingListed(store: StoreId): StoreError {
  return new StoreError({
    kind: "rejected",
    what: `The head of store "${store}" lists no segment, so nothing can prove that its log is whole`,
    fix: "Restore what is missing from the bucket's versions or a copy.",
    store,
    key: headKey(store),
  });
}
