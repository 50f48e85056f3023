/** Tells of the objects that are read through a bucket: progress for people, and whether a snapshot was used. */
import type { Bucket } from "../shared/ports/bucket.ts";
import { type BuiltKey, parseBuiltKey } from "../shared/wire/keys.ts";
import type { Timestamp } from "../shared/wire/time.ts";
import type { CommandIo } from "./io.ts";
import { createProgress, type Progress } from "./progress.ts";

export function watchGets(bucket: Bucket, tell: (built: BuiltKey) => void): Bucket {
  return {
    ...bucket,
    async get(key, options) {
      const answer = await bucket.get(key, options);
      const built = parseBuiltKey(key);
      if (built) tell(built);
      return answer;
    },
  };
}

/** A bar that follows the time in the names of segments, from the first one read up to `end`. */
export function createTimeProgress(
  io: CommandIo,
  what: string,
  end: Timestamp,
): Progress & { readonly see: (built: BuiltKey) => void } {
  const progress = createProgress(io, what);
  let start: number | null = null;
  let furthest = 0;
  return {
    ...progress,
    see({ kind, through }) {
      if (kind !== "segments") return;
      start ??= through;
      furthest = Math.max(furthest, through);
      progress.show(furthest - start, Math.max(1, end - start));
    },
  };
}
