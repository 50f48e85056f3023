/**
 * createSweepFunction: the sweep as a Lambda, called once a minute. It looks at some of the stores in turn, so that what the queue has lost is
 * published all the same, and removes what nothing names any more. Two at once do no harm: each round is the protocol's own.
 *
 * A store that is slow, broken or never comes to an end holds up no other for long: each has one round before any has a second, and each turn
 * begins with others (sweep-turn.ts), also where a sweep is killed.
 */
import type { Context } from "aws-lambda";
import { eachAtOnce } from "../server/at-once.ts";
import { collectGarbage, listStores, readStoreHead } from "../shared/drive/store.ts";
import { StoreError } from "../shared/errors.ts";
import { isJsonObject, type JsonObject } from "../shared/json.ts";
import type { Platform } from "../shared/ports/platform.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import { listAfterPosition, parseUpdateKey, updatesPrefix } from "../shared/wire/keys.ts";
import type { Timestamp } from "../shared/wire/time.ts";
import { ghostsMs, storesAtOnce, storesKeptMs } from "./limits.ts";
import type { LambdaLog } from "./log.ts";
import type { LambdaMetrics, Measured } from "./metrics.ts";
import type { RollupParts } from "./open-rollup.ts";
import { addDone, measure } from "./rounds-measure.ts";
import type { RoundsDone } from "./store-rounds.ts";
import { minuteOf, sweepTurn } from "./sweep-turn.ts";

export interface SweepFunctionParts {
  readonly open: () => Promise<RollupParts & { readonly stores: number }>;
  readonly platform: Platform;
  readonly log: LambdaLog;
  readonly metrics: LambdaMetrics;
}

/** What it measured; the scheduler does not look at it, people who call it by hand do. */
export type SweepFunction = (event: unknown, context: Context) => Promise<Measured>;

export function createSweepFunction({ open, platform, log, metrics }: SweepFunctionParts): SweepFunction {
  let kept: { readonly at: number; readonly stores: readonly StoreId[] } | null = null;

  async function allStores(opened: RollupParts): Promise<readonly StoreId[]> {
    const now = platform.now();
    if (kept === null || now < kept.at || now >= kept.at + storesKeptMs)
      kept = { at: now, stores: await listStores(opened.host) };
    return kept.stores;
  }

  async function sweep(event: JsonObject, context: Context): Promise<Measured> {
    const opened = await open();
    const { deadline } = opened;
    deadline.begin(context);
    const minute = minuteOf(event.time, platform.now());
    const turn = sweepTurn(await allStores(opened), minute, opened.stores);
    const whileTime = (stores: readonly StoreId[], work: (store: StoreId) => Promise<void>) =>
      eachAtOnce(stores, storesAtOnce, async (store) => (deadline.hasTime() ? work(store) : undefined));
    const all = new Map<StoreId, RoundsDone>();
    let ghosts = 0;
    // 1. One round each, so that none waits for another's hundred.
    await whileTime(turn.stores, async (store) => {
      all.set(store, await lookAt(store, opened));
    });
    // 2. What nothing names any more.
    await whileTime(turn.collected, async (store) => {
      ghosts += await collect({ store, whole: turn.whole.includes(store) }, opened, log);
    });
    // 3. The rest of what is sealed, with the time that is left.
    await whileTime(
      [...all].filter(hasMore).map(([store]) => store),
      async (store) => {
        const rest = await opened.rounds.run(store, { hint: false, goOn: deadline.hasTime });
        all.set(store, addDone(all.get(store) ?? rest, rest));
      },
    );
    await opened.pending.settled();
    if (all.size < turn.stores.length)
      log.warn("There was no time for all stores of this turn", { left: turn.stores.length - all.size });
    const measured = measure([...all.values()], platform.now());
    return { ...measured, Ghosts: ghosts, StoresChecked: all.size };
  }

  return async (event, context) => {
    log.begin(context);
    try {
      requireSchedule(event);
      const measured = await sweep(event, context);
      metrics.publish(measured);
      return measured;
    } catch (error) {
      log.error("The sweep cannot go on", error);
      throw error;
    }
  };
}

/** Anything that the scheduler sends will do, but what belongs to another function is a mistake in the wiring. */
function requireSchedule(event: unknown): asserts event is JsonObject {
  const isOther = isJsonObject(event) && (event.Records !== undefined || event.requestContext !== undefined);
  if (isJsonObject(event) && !isOther) return;
  throw new StoreError({
    kind: "rejected",
    what: "The sweep was called with something else than a scheduler's event",
    fix: "Let EventBridge Scheduler alone call it, once a minute.",
  });
}

async function lookAt(store: StoreId, opened: RollupParts): Promise<RoundsDone> {
  let rounds = 0;
  const done = await opened.rounds.run(store, { hint: false, goOn: () => rounds++ === 0 });
  if (!done.failed) return done;
  // How long its updates have been waiting must be known just then.
  const oldestWaiting = done.oldestWaiting ?? (await oldestOf(store, opened).catch(() => null));
  return { ...done, oldestWaiting };
}

function hasMore([, { failed, complete }]: readonly [StoreId, RoundsDone]): boolean {
  return !failed && !complete;
}

async function oldestOf(store: StoreId, { host }: RollupParts): Promise<Timestamp | null> {
  const { head } = await readStoreHead(host, store);
  const after = listAfterPosition(store, head.publishedThrough);
  const { objects } = await host.bucket.list(updatesPrefix(store), { after, limit: 1 });
  return parseUpdateKey(objects[0]?.key ?? "")?.timestamp ?? null;
}

/** How many raw updates lay where all is published. */
async function collect(
  { store, whole }: { readonly store: StoreId; readonly whole: boolean },
  { host }: RollupParts,
  log: LambdaLog,
): Promise<number> {
  try {
    const { raw, deleted } = await collectGarbage(host, store, whole ? {} : { recentMs: ghostsMs });
    if (raw + deleted.length > 0) log.info("collected", { store, raw, built: deleted.length });
    return raw;
  } catch (error) {
    if (error instanceof StoreError && error.kind === "closed") {
      log.warn("Collecting was stopped in time; it goes on another day", { store });
      return 0;
    }
    log.error("What nothing names any more cannot be removed", error, { store });
    return 0;
  }
}
