/**
 * createReader: keeps one replica up to date with a store, poll by poll.
 *
 * What it holds follows the replica step by step, so that a poll that fails half-way goes on where the replica stands.
 * Between polls it holds the head with its etag, so that a poll of an unchanged store is one conditional GET.
 */

import { StoreError } from "../errors.ts";
import type { Held } from "../log/held.ts";
import type { KnownHead } from "../log/known-head.ts";
import type { ReplicaRequest } from "../log/program.ts";
import { type ReadOutcome, read } from "../log/read.ts";
import { tail } from "../log/tail.ts";
import { stuckReader } from "../log/troubles.ts";
import type { Replica } from "../ports/replica.ts";
import type { StoreId } from "../wire/ids.ts";
import type { Segment } from "../wire/segment.ts";
import { type Timestamp, toTimestamp, zeroTimestamp } from "../wire/time.ts";
import type { StampedUpdate } from "../wire/update.ts";
import { type Host, run } from "./run.ts";

export interface ReaderOptions {
  readonly store: StoreId;
  readonly replica: Replica;
  /** Null (default): the raw log without snapshots. */
  readonly modelVersion?: number | null;
  /** May read segments that left the head's list. Default false. */
  readonly history?: boolean;
  /** May begin from an older version's snapshot (rollups only). Default false. */
  readonly migrate?: boolean;
  /** Where to begin; what lies at or below it is not applied. Default: at the very start. */
  readonly from?: Timestamp;
  /** Where this reader stood when it was closed. */
  readonly held?: Held;
}

export interface PollOptions {
  /** Segments that begin at or after it are left for later. Default: all are read. */
  readonly until?: Timestamp;
  /** A head that this process has just read or swapped itself: saves the GET. */
  readonly given?: KnownHead;
  /** Segments in memory, by key: saves their GETs. */
  readonly cached?: Readonly<Record<string, Segment>>;
}

export interface Reader {
  readonly held: Held | null;
  /**
   * Reads what is new. Throws StoreError; the replica stays where it was. A reader of the raw log that is stuck throws too: its
   * log is not whole.
   */
  poll(options?: PollOptions): Promise<ReadOutcome>;
  /** The tail above the position, in log order. Polls again by itself where the log moved meanwhile. */
  pollTail(): Promise<readonly StampedUpdate[]>;
}

const endOfTime = toTimestamp(Number.POSITIVE_INFINITY);

export function createReader(host: Host, options: ReaderOptions): Reader {
  const {
    store,
    replica,
    modelVersion = null,
    history = false,
    migrate = false,
    from = zeroTimestamp,
  } = options;
  let held: Held | null = options.held ?? null;
  let seen: Readonly<Record<string, StampedUpdate>> = {};

  async function poll({ until = endOfTime, given, cached = {} }: PollOptions = {}): Promise<ReadOutcome> {
    const input = { store, held, modelVersion, migrate, history, until, from, given: given ?? null, cached };
    const onReplica = (request: ReplicaRequest) => {
      held = request.held;
    };
    const outcome = await run(read, input, { ...host, replica, onReplica });
    held = outcome.held;
    if (outcome.is === "stuck" && modelVersion === null) throw new StoreError(stuckReader(store));
    return outcome;
  }

  /** One at a time: two at once would both begin from one position. */
  let last: Promise<unknown> = Promise.resolve();
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  }

  async function pollTail(): Promise<readonly StampedUpdate[]> {
    for (let tries = 0; tries < host.settings.attemptsMax; tries++) {
      const read = await poll();
      if (read.is === "stuck") throw new StoreError(stuckReader(store));
      if (!held) break;
      const outcome = await run(tail, { store, known: held.known, marks: held.marks, seen }, host);
      if (outcome.is === "moved") continue;
      seen = outcome.seen;
      held = { ...held, known: outcome.known, marks: outcome.marks };
      return outcome.updates;
    }
    throw new StoreError({
      kind: "conflict",
      what: `The log of store "${store}" moved on faster than its tail could be read`,
      fix: "Poll again later.",
      store,
    });
  }

  return {
    get held() {
      return held;
    },
    poll: (pollOptions) => inTurn(() => poll(pollOptions)),
    pollTail: () => inTurn(pollTail),
  };
}
