/**
 * createPoller: brings one replica up to date with a store, poll by poll.
 *
 * What it holds follows the replica step by step, so that a poll that fails half-way goes on where the replica stands.
 * Between polls it holds the head with its etag, so that a poll of an unchanged store is one conditional GET.
 */
import { StoreError } from "../errors.ts";
import type { Held } from "../log/held.ts";
import type { KnownHead } from "../log/known-head.ts";
import type { ReplicaRequest } from "../log/program.ts";
import { type ReadOutcome, read } from "../log/read.ts";
import { stuckReader } from "../log/troubles.ts";
import type { Replica } from "../ports/replica.ts";
import type { StoreId } from "../wire/ids.ts";
import type { Segment } from "../wire/segment.ts";
import { type Timestamp, toTimestamp, zeroTimestamp } from "../wire/time.ts";
import type { StampedUpdate } from "../wire/update.ts";
import { type Host, run } from "./run.ts";

export interface PollerOptions {
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
  readonly held?: Held | null;
}

export interface PollOptions {
  /** Segments that begin at or after it are left for later. Default: all are read. */
  readonly until?: Timestamp;
  /** A head that this process has just read or swapped itself: saves the GET. */
  readonly given?: KnownHead | null;
  /** Segments in memory, by key: saves their GETs. */
  readonly cached?: Readonly<Record<string, Segment>>;
  /** Updates of a tail, or of this reader's own: a segment of nothing else is not read. */
  readonly seen?: readonly StampedUpdate[];
}

export interface Poller {
  /** Where the replica stands, by which head. What else becomes known there may be put in. */
  held: Held | null;
  /**
   * Reads what is new. Throws StoreError; the replica stays where it was. A reader of the raw log that is stuck throws too: its
   * log is not whole. One call at a time.
   */
  poll(options?: PollOptions): Promise<ReadOutcome>;
}

const endOfTime = toTimestamp(Number.POSITIVE_INFINITY);

export function createPoller(host: Host, options: PollerOptions): Poller {
  const { store, modelVersion = null, history = false, migrate = false, from = zeroTimestamp } = options;
  const poller: Poller = {
    held: options.held ?? null,
    async poll({ until = endOfTime, given = null, cached = {}, seen = [] } = {}) {
      const { held } = poller;
      const input = { store, held, modelVersion, migrate, history, until, from, given, cached, seen };
      const onReplica = (request: ReplicaRequest) => {
        poller.held = request.held;
      };
      const outcome = await run(read, input, { ...host, replica: options.replica, onReplica });
      poller.held = outcome.held;
      if (outcome.is === "stuck" && modelVersion === null) throw new StoreError(stuckReader(store));
      return outcome;
    },
  };
  return poller;
}
