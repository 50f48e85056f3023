/**
 * createSweepFunction: the sweep as a Lambda, called once a minute. It looks at some of the stores in turn, so that what the queue has lost is
 * published all the same, and removes what nothing names any more. Two at once do no harm: each round is the protocol's own.
 */
import type { Context } from "aws-lambda";
import { eachAtOnce } from "../server/at-once.ts";
import { collectGarbage, listStores, readStoreHead } from "../shared/drive/store.ts";
import { StoreError } from "../shared/errors.ts";
import { isJsonObject } from "../shared/json.ts";
import type { Platform } from "../shared/ports/platform.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import { listAfterPosition, parseUpdateKey, updatesPrefix } from "../shared/wire/keys.ts";
import type { Timestamp } from "../shared/wire/time.ts";
import { roundMsMin, storesAtOnce, storesKeptMs } from "./limits.ts";
import type { LambdaLog } from "./log.ts";
import type { LambdaMetrics, Measured } from "./metrics.ts";
import type { RollupParts } from "./open-rollup.ts";
import { measure } from "./rounds-measure.ts";
import type { RoundsDone } from "./store-rounds.ts";
import { sweepTurn } from "./sweep-turn.ts";

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

  return async (event, context) => {
    log.begin(context);
    try {
      requireSchedule(event);
      const opened = await open();
      const minute = Math.floor(platform.now() / 60_000);
      const turn = sweepTurn(await allStores(opened), minute, opened.stores);
      const hasTime = () => context.getRemainingTimeInMillis() > roundMsMin;
      const all: RoundsDone[] = [];
      let ghosts = 0;
      await eachAtOnce(turn.stores, storesAtOnce, async (store) => {
        if (!hasTime()) return;
        all.push(await sweepStore(store, opened, hasTime));
        if (turn.collected.includes(store) && hasTime()) ghosts += await collect(store, opened, log);
      });
      await opened.pending.settled();
      if (all.length < turn.stores.length)
        log.warn("There was no time for all stores of this turn", { left: turn.stores.length - all.length });
      const measured = { ...measure(all, platform.now()), Ghosts: ghosts, StoresChecked: all.length };
      metrics.publish(measured);
      return measured;
    } catch (error) {
      log.error("The sweep cannot go on", error);
      throw error;
    }
  };
}

/** Anything that the scheduler sends will do, but what belongs to another function is a mistake in the wiring. */
function requireSchedule(event: unknown): void {
  const isOther = isJsonObject(event) && (event.Records !== undefined || event.requestContext !== undefined);
  if (isJsonObject(event) && !isOther) return;
  throw new StoreError({
    kind: "rejected",
    what: "The sweep was called with something else than a scheduler's event",
    fix: "Let EventBridge Scheduler alone call it, once a minute.",
  });
}

async function sweepStore(store: StoreId, opened: RollupParts, goOn: () => boolean): Promise<RoundsDone> {
  const done = await opened.rounds.run(store, { hint: false, goOn });
  if (!done.failed) return done;
  // How long its updates have been waiting must be known just then.
  const oldestWaiting = done.oldestWaiting ?? (await oldestOf(store, opened).catch(() => null));
  return { ...done, oldestWaiting };
}

async function oldestOf(store: StoreId, { host }: RollupParts): Promise<Timestamp | null> {
  const { head } = await readStoreHead(host, store);
  const after = listAfterPosition(store, head.publishedThrough);
  const { objects } = await host.bucket.list(updatesPrefix(store), { after, limit: 1 });
  return parseUpdateKey(objects[0]?.key ?? "")?.timestamp ?? null;
}

/** How many raw updates lay where all is published. */
async function collect(store: StoreId, { host }: RollupParts, log: LambdaLog): Promise<number> {
  try {
    const { raw, deleted } = await collectGarbage(host, store);
    if (raw + deleted.length > 0) log.info("collected", { store, raw, built: deleted.length });
    return raw;
  } catch (error) {
    log.error("What nothing names any more cannot be removed", error, { store });
    return 0;
  }
}
