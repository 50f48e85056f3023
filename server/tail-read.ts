/** Reads a store's tail for everybody, by the protocol's own program; keeps marks and updates between reads, so that only news is read. */
import { type Host, run } from "../shared/drive/run.ts";
import { StoreError } from "../shared/errors.ts";
import { type Json, utf8Length } from "../shared/json.ts";
import type { KnownHead } from "../shared/log/known-head.ts";
import { readMarks, type WarmMarks } from "../shared/log/marks-read.ts";
import { tail } from "../shared/log/tail.ts";
import { tooBusy } from "../shared/log/troubles.ts";
import { encodeTailAnswer, type TailAnswer } from "../shared/wire/http.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import { encodeStamped, type StampedUpdate } from "../shared/wire/update.ts";
import { type Packed, pack } from "./answers.ts";
import type { ServerSettings } from "./settings.ts";

export interface ServedTail {
  readonly rev: number;
  readonly etag: string;
  readonly body: Packed;
}

export interface TailReadParts {
  readonly host: Host;
  readonly settings: ServerSettings;
  readonly store: StoreId;
  /** The head as it stands in the bucket. */
  readonly head: () => Promise<{ readonly known: KnownHead }>;
}

/** How often the log may move between two heads of one read. */
const triesMax = 5;

export function createTailRead({ host, settings, store, head }: TailReadParts): () => Promise<ServedTail> {
  let warm: WarmMarks | null = null;
  let seen: Readonly<Record<string, StampedUpdate>> = {};

  async function marksAt({ head }: KnownHead) {
    // Cold, the tail's own program reads them, and only when there is something to drop copies from.
    if (warm === null || warm.epoch !== head.epoch) return { is: "marks", marks: null } as const;
    return run(readMarks, { store, head, warm }, host);
  }

  async function readOnce(): Promise<TailAnswer | null> {
    const { known } = await head();
    const read = await marksAt(known);
    if (read.is === "moved") return null;
    const outcome = await run(tail, { store, known, marks: read.marks, seen }, host);
    if (outcome.is === "moved") return null;
    const { epoch, rev, publishedThrough, sealedThrough } = outcome.known.head;
    warm = outcome.marks && { epoch, marks: outcome.marks };
    seen = outcome.seen;
    const updates = cutToSize(outcome.updates, settings.tailBytesMax);
    const cut = updates.length < outcome.updates.length;
    return { epoch, rev, publishedThrough, sealedThrough, updates, cut };
  }

  return async () => {
    for (let tries = 0; tries < triesMax; tries++) {
      const answer = await readOnce();
      if (answer === null) continue;
      const body: Json = encodeTailAnswer(answer);
      const etag = `"t${host.platform.sha256(JSON.stringify(body)).slice(0, 32)}"`;
      return { rev: answer.rev, etag, body: await pack(body, host) };
    }
    throw new StoreError(tooBusy(store, "tail"));
  };
}

/** The earliest ones: what is left out of a tail is only seen later. */
function cutToSize(updates: readonly StampedUpdate[], bytesMax: number): readonly StampedUpdate[] {
  let bytes = 0;
  const end = updates.findIndex((update) => {
    bytes += utf8Length(JSON.stringify(encodeStamped(update))) + 1;
    return bytes > bytesMax;
  });
  return end < 0 ? updates : updates.slice(0, end);
}
