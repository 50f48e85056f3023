/**
 * How this bucket wants an etag spelled in If-Match, found out by itself.
 *
 * A swap that is refused under a spelling that never worked yet may only have been misspelt. Then the object is asked for its etag:
 * where that is still the given one, nobody else won, and the same condition is sent again in the other spelling. Safe, because the
 * first try was refused, hence did nothing, and the second is as conditional as the first. Once a swap has succeeded nothing is
 * asked any more.
 */
import type { Etag, IfMatchSpelling, WriteAnswer } from "../../shared/ports/bucket.ts";

export interface IfMatch {
  /** The spelling that has worked; null before. */
  known(): IfMatchSpelling | null;
  /** Sends a swap, once or twice. `send` gets the etag as it goes into the header. */
  swap(
    etag: Etag,
    told: IfMatchSpelling | undefined,
    ask: {
      readonly send: (spelt: string) => Promise<WriteAnswer>;
      /** The object's etag now; null when it is absent. */
      readonly current: () => Promise<Etag | null>;
    },
  ): Promise<WriteAnswer>;
}

export function createIfMatch(): IfMatch {
  let known: IfMatchSpelling | null = null;

  return {
    known: () => known,
    async swap(etag, told, { send, current }) {
      const first = known ?? told ?? "quoted";
      const answer = await send(spell(etag, first));
      if (answer.is === "stored") known = first;
      if (answer.is !== "refused" || known === first) return answer;
      if ((await current()) !== etag) return answer;
      const other = first === "quoted" ? "unquoted" : "quoted";
      const second = await send(spell(etag, other));
      if (second.is === "stored") known = other;
      return second;
    },
  };
}

/** True for what can be one etag: a star or a list would match what was not meant. Some services give theirs without quotes. */
export function isEtag(etag: Etag): boolean {
  return /^(?:(?:W\/)?"[^"*,\s]+"|[^"*,\s]+)$/.test(etag);
}

function spell(etag: Etag, spelling: IfMatchSpelling): string {
  const bare = etag.replaceAll('"', "");
  if (spelling === "unquoted") return bare;
  return etag === bare ? `"${bare}"` : etag;
}
