/**
 * What a warm rollup keeps in memory, as bytes of JSON: estimated from the head alone, because encoding a state just to weigh it would cost more
 * than folding it. In memory it is some four times as much, or less where texts are long.
 */
import type { Head } from "../wire/head.ts";
import type { Marks } from "../wire/marks.ts";

/** One app's mark: a ULID, a seq and a chain of 64 digits. */
const markBytes = 200;

/** `modelVersion`: null where nothing is folded. */
export function warmBytesOf(
  head: Head,
  { modelVersion, marks }: { readonly modelVersion: number | null; readonly marks: Marks | null },
): number {
  return stateBytes(head, modelVersion) + markBytes * appsOf(marks);
}

/** The last snapshot, and as much as came in since: updates rarely make a state smaller. */
function stateBytes({ snapshots, segments }: Head, modelVersion: number | null): number {
  if (modelVersion === null) return 0;
  const versions = Object.keys(snapshots).map(Number);
  const last = snapshots[modelVersion] ?? snapshots[Math.max(0, ...versions)];
  const since = segments.filter((entry) => entry.through > (last?.through ?? 0));
  return since.reduce((sum, entry) => sum + entry.bytes, last?.bytes ?? 0);
}

function appsOf(marks: Marks | null): number {
  if (marks === null) return 0;
  return marks.size ?? Object.keys(marks.apps).length;
}
