/** Checking one segment against the entry that lists it: range and hash. What fails here is corrupt, never skipped. */
import type { Trouble } from "../errors.ts";
import type { Sha256 } from "../ports/hash.ts";
import type { SegmentEntry } from "../wire/head.ts";
import type { StoreId } from "../wire/ids.ts";
import { hashLog, parseSegment, type Segment } from "../wire/segment.ts";
import type { ReadBody } from "./program.ts";
import { badObject } from "./troubles.ts";

export type SegmentRead =
  | { readonly is: "segment"; readonly segment: Segment }
  | { readonly is: "absent" }
  | { readonly is: "bad"; readonly trouble: Trouble };

export function readSegment(
  store: StoreId,
  entry: SegmentEntry,
  body: ReadBody,
  sha256: Sha256,
): SegmentRead {
  if (body.is === "absent") return { is: "absent" };
  const bad = (reason: string): SegmentRead => ({ is: "bad", trouble: badObject(store, entry.key, reason) });
  if (body.is === "unreadable") return bad(body.reason);
  const parsed = parseSegment(body.json);
  if (!parsed.ok) return bad(parsed.reason);
  const fault = segmentFault(parsed.value, entry, sha256);
  return fault === undefined ? { is: "segment", segment: parsed.value } : bad(fault);
}

/** Why a segment is not what its entry says, or undefined when it is. */
export function segmentFault(segment: Segment, entry: SegmentEntry, sha256: Sha256): string | undefined {
  if (segment.from !== entry.from || segment.through !== entry.through)
    return "its range is not the one listed in the head";
  if (segment.updates.length !== entry.count)
    return `it holds ${segment.updates.length} updates, ${entry.count} are listed`;
  if (hashLog(segment.fromHash, segment.updates, sha256) !== entry.hash)
    return "its hash does not match the one listed in the head";
  return undefined;
}
