/**
 * createRollupFunction: the rollup as a Lambda behind a queue of S3's notifications. What the queue says is a hint and no more: a round begins
 * with the store's head. An entry is done when everything up to its update is published; all others are answered as failures and come again,
 * so that nothing hangs on what this process remembers.
 */
import type { Context, SQSBatchResponse } from "aws-lambda";
import { eachAtOnce } from "../server/at-once.ts";
import type { Platform } from "../shared/ports/platform.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import type { Timestamp } from "../shared/wire/time.ts";
import type { Deadline } from "./deadline.ts";
import { dateStepMs, sealTries, sealWaitMsMax, storesAtOnce } from "./limits.ts";
import type { LambdaLog } from "./log.ts";
import type { LambdaMetrics } from "./metrics.ts";
import type { Pending } from "./pending.ts";
import { parseQueueEvent, type QueueNews, type QueueNote, type QueueSource } from "./queue-event.ts";
import { addDone, measure } from "./rounds-measure.ts";
import type { RoundsDone, StoreRounds } from "./store-rounds.ts";

export interface OpenedRollup {
  readonly rounds: StoreRounds;
  readonly source: QueueSource;
  readonly graceMs: number;
  readonly pending: Pending;
  readonly deadline: Deadline;
}

export interface RollupFunctionParts {
  readonly open: () => Promise<OpenedRollup>;
  readonly platform: Platform;
  readonly log: LambdaLog;
  readonly metrics: LambdaMetrics;
}

export type RollupFunction = (event: unknown, context: Context) => Promise<SQSBatchResponse>;

export function createRollupFunction(parts: RollupFunctionParts): RollupFunction {
  const { open, platform, log, metrics } = parts;

  async function rollUp(event: unknown, context: Context): Promise<SQSBatchResponse> {
    const opened = await open();
    opened.deadline.begin(context);
    const news = parseQueueEvent(event, opened.source);
    tellNews(news, log);
    const undone: string[] = news.unread.map(({ id }) => id);
    const all: RoundsDone[] = [];
    await eachAtOnce([...byStore(news.notes)], storesAtOnce, async ([store, notes]) => {
      const { done, late } = await publishAll({ store, notes }, opened, platform);
      all.push(done);
      undone.push(...late.map(({ id }) => id));
    });
    await opened.pending.settled();
    metrics.publish(measure(all, platform.now()));
    return { batchItemFailures: [...new Set(undone)].map((itemIdentifier) => ({ itemIdentifier })) };
  }

  return async (event, context) => {
    log.begin(context);
    try {
      return await rollUp(event, context);
    } catch (error) {
      log.error("The rollup cannot begin", error);
      throw error;
    }
  };
}

function tellNews({ unread, odd }: QueueNews, log: LambdaLog): void {
  for (const { id, why } of unread) log.warn("An entry of the queue cannot be read", { id, why });
  if (odd > 0) log.warn("Objects that are no updates were created; they are left alone", { count: odd });
}

function byStore(notes: readonly QueueNote[]): ReadonlyMap<StoreId, readonly QueueNote[]> {
  const stores = new Map<StoreId, QueueNote[]>();
  for (const note of notes) stores.set(note.store, [...(stores.get(note.store) ?? []), note]);
  return stores;
}

interface Work {
  readonly store: StoreId;
  readonly notes: readonly QueueNote[];
}

/** `late`: the notes whose updates are not known to be published. */
async function publishAll(
  { store, notes }: Work,
  { rounds, graceMs, deadline: { hasTime } }: OpenedRollup,
  platform: Platform,
): Promise<{ readonly done: RoundsDone; readonly late: readonly QueueNote[] }> {
  // What comes again was most likely published meanwhile: a look costs less than a seal.
  const hint = notes.some(({ again }) => !again);
  let done = await rounds.run(store, { hint, goOn: hasTime });
  for (let tries = 0; tries < sealTries; tries++) {
    const latest = Math.max(0, ...lateOf(notes, done).map(({ timestamp }) => timestamp));
    const waitMs = latest + graceMs + dateStepMs - platform.now();
    if (latest === 0 || done.failed || waitMs > sealWaitMsMax || !hasTime()) break;
    await platform.wait(waitMs);
    done = addDone(done, await rounds.run(store, { hint: true, goOn: hasTime }));
  }
  const late = lateOf(notes, done);
  const oldest = late.map(({ timestamp }) => timestamp).sort((a, b) => a - b)[0] ?? null;
  return { done: { ...done, oldestWaiting: done.oldestWaiting ?? oldest }, late };
}

function lateOf(notes: readonly QueueNote[], done: RoundsDone): readonly QueueNote[] {
  return notes.filter(({ timestamp }) => !isPublished(timestamp, done));
}

/** Nothing is left at or below the seal of a round after which no more was sealed; and nothing anywhere, where it saw that nothing waits. */
function isPublished(timestamp: Timestamp, { report, complete }: RoundsDone): boolean {
  if (report === null) return false;
  const { head } = report.known;
  if (timestamp <= head.publishedThrough) return true;
  return complete && timestamp <= head.sealedThrough;
}
