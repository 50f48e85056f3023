/**
 * Reading one index object of the history chain, checked: contiguous, and ending where what follows it begins. So a chain always
 * leads down and ends; an index that names itself or leaves a gap is corrupt, never followed.
 */
import type { Trouble } from "../errors.ts";
import type { Pointer, SegmentEntry } from "../wire/head.ts";
import { parseHistoryIndex } from "../wire/history.ts";
import type { StoreId } from "../wire/ids.ts";
import type { Timestamp } from "../wire/time.ts";
import type { AnswerBody } from "./program.ts";
import { badObject } from "./troubles.ts";

export type HistoryIndexRead =
  | {
      readonly ok: true;
      readonly segments: readonly SegmentEntry[];
      readonly before: Pointer | null;
      /** Where it begins. */
      readonly from: Timestamp;
    }
  | { readonly ok: false; readonly trouble: Trouble };

export function readHistoryIndex(
  store: StoreId,
  key: string,
  answer: AnswerBody,
  until: Timestamp,
): HistoryIndexRead {
  const bad = (reason: string) => ({ ok: false, trouble: badObject(store, key, reason) }) as const;
  if (answer.is !== "found")
    return bad(answer.is === "unreadable" ? answer.reason : `answer was "${answer.is}"`);
  const index = parseHistoryIndex(answer.json);
  if (!index.ok) return bad(index.reason);
  const { segments, before } = index.value;
  const first = segments[0];
  if (!first || segments.at(-1)?.through !== until)
    return bad("it does not end where the newer segments begin");
  if (segments.some((entry, i) => i > 0 && entry.from !== segments[i - 1]?.through))
    return bad("it has a gap");
  if (segments.some((entry) => entry.from >= entry.through))
    return bad("one of its segments ends before it begins");
  return { ok: true, segments, before, from: first.from };
}
