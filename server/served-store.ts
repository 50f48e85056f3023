/**
 * One store as the server serves it: its head and tail, read for everybody at once, its writer, and its hints.
 *
 * Nothing here is trusted with the protocol: an append reads its own head, a reader checks what it gets, and a client that is given an
 * old head ignores it. What this process stores itself is in every tail that is asked for afterwards.
 */
import { getObject, type Host } from "../shared/drive/run.ts";
import { createWriter } from "../shared/drive/writer.ts";
import { StoreError } from "../shared/errors.ts";
import type { AppendOutcome } from "../shared/log/append.ts";
import { getHead, readHead } from "../shared/log/head-read.ts";
import type { KnownHead } from "../shared/log/known-head.ts";
import type { AbortSignalLike } from "../shared/ports/platform.ts";
import { encodeHead } from "../shared/wire/head.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import type { Update } from "../shared/wire/update.ts";
import { type Packed, pack } from "./answers.ts";
import { createHeadless } from "./headless.ts";
import { createHints } from "./hints.ts";
import { httpEtag } from "./http-etag.ts";
import type { ServerSettings } from "./settings.ts";
import { createSharedRead } from "./shared-read.ts";
import { createTailRead, type ServedTail } from "./tail-read.ts";

export interface ServedHead {
  readonly known: KnownHead;
  readonly etag: string;
  readonly body: Packed;
}

export interface ServedStore {
  readonly store: StoreId;
  /**
   * At most sharedMs old; with `now` it is read from the bucket. Throws a Refusal where there is no such store, StoreError where its head
   * is lost.
   */
  head(options?: { readonly now?: boolean }): Promise<ServedHead>;
  /** `rev`: of the head that the asker holds. */
  tail(rev: number): Promise<ServedTail>;
  append(update: Update): Promise<AppendOutcome>;
  /** Somebody of this process wrote or read a head. Resolves when it is everybody's. */
  noteHead(known: KnownHead): Promise<void>;
  /** Calls at each hint; answers with how to stop. */
  listen(listener: () => void): () => void;
  /** Somebody listens. */
  readonly busy: boolean;
}

export interface ServedStoreParts {
  readonly host: Host;
  readonly settings: ServerSettings;
  /** Ends all waiting. */
  readonly closing: AbortSignalLike;
}

export function createServedStore(store: StoreId, parts: ServedStoreParts): ServedStore {
  const { host, settings, closing } = parts;
  const { platform } = host;
  const { sharedMs } = settings;
  const newWriter = () => createWriter(writerHost(host, settings), store);
  const hints = createHints(platform, settings.hintGapMs, closing);
  const headless = createHeadless(store, parts);
  const heads = createSharedRead({ platform, sharedMs, paced: false, read: readNow });
  const readTail = createTailRead({ host, settings, store, head: readNow });
  const tails = createSharedRead({ platform, sharedMs, paced: true, read: readTail });
  let writer = newWriter();
  let latest: ServedHead | null = null;
  let tailRev = 0;
  let watching = false;

  async function readNow(): Promise<ServedHead> {
    const answer = await getObject(getHead(store, latest?.known.etag), host);
    if (answer.is === "unchanged" && latest) return latest;
    if (answer.is === "absent") throw await headless();
    const read = readHead(store, answer);
    if (!read.ok) throw new StoreError(read.trouble);
    return take(read.known);
  }

  async function take(known: KnownHead): Promise<ServedHead> {
    if (latest !== null && !isNewer(known, latest.known)) return latest;
    const head = { known, etag: httpEtag(known.etag), body: await pack(encodeHead(known.head), host) };
    // Packing took its time: another one may have come meanwhile.
    if (latest !== null && !isNewer(known, latest.known)) return latest;
    const first = latest === null;
    latest = head;
    if (!first) {
      tails.spoil();
      hints.give();
    }
    return head;
  }

  /** What others wrote shows in the head, a little later. */
  async function watch(): Promise<void> {
    if (watching) return;
    watching = true;
    while (hints.listeners > 0 && !closing.aborted) {
      await platform.wait(settings.watchDelayMs, closing);
      await heads.get().catch(() => undefined);
    }
    watching = false;
  }

  return {
    store,
    async head({ now = false } = {}) {
      if (now) heads.spoil();
      const read = await heads.get();
      return latest ?? read;
    },
    async tail(rev) {
      if (rev > tailRev) tails.spoil();
      const read = await tails.get();
      tailRev = read.rev;
      return read;
    },
    async append(update) {
      let clear = false;
      try {
        const outcome = await writer.append(update);
        clear = outcome.is === "stored";
        if (outcome.is === "stored") await this.noteHead(outcome.known);
        return outcome;
      } finally {
        // A writer holds an app to what it has not settled. But which update comes next is the client's business: it may have settled
        // this one through another server.
        if (!clear) writer = newWriter();
        // Even without a clear answer it may be there.
        tails.spoil();
        hints.give();
      }
    },
    async noteHead(known) {
      const isSameLife = latest === null || latest.known.head.epoch === known.head.epoch;
      // Which of two lives is the present one, the bucket tells.
      if (isSameLife) await take(known).catch(() => undefined);
      else heads.spoil();
    },
    listen(listener) {
      const stop = hints.listen(listener);
      void watch();
      return stop;
    },
    get busy() {
      return hints.listeners > 0;
    },
  };
}

function isNewer({ head }: KnownHead, than: KnownHead): boolean {
  return head.epoch !== than.head.epoch || head.rev > than.head.rev;
}

/** The server adds who sent an update; that must not make one too large that its client was allowed. */
function writerHost(host: Host, { principalBytesMax }: ServerSettings): Host {
  const { updateBytesMax } = host.settings;
  return { ...host, settings: { ...host.settings, updateBytesMax: updateBytesMax + principalBytesMax } };
}
