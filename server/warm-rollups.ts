/**
 * createWarmRollups: rollups of many stores in one process, each warm: its marks and folded state stay from one round to the next, so that
 * only what is new is read. What is warm is never trusted: each round begins with the store's head as it stands in the bucket.
 *
 * Used by the loop of a server and by the Lambdas. Two rounds of one store at once would be safe, but each would spoil the other's warmth.
 */
import { createRollup, type Rollup, type RoundReport } from "../shared/drive/rollup.ts";
import type { Host } from "../shared/drive/run.ts";
import type { Rejection } from "../shared/fold/fold.ts";
import type { Model } from "../shared/model/model.ts";
import type { StoreId } from "../shared/wire/ids.ts";

export interface WarmRollupsOptions {
  /** Null: no snapshots of this store, everything else works. */
  readonly models: (store: StoreId) => Model<unknown> | null;
  /** Rollups whose folded state stays in memory; the least lately used goes first. */
  readonly warmMax: number;
  /** Told of each action that was set aside while a store was folded; again where a cold fold meets it again. */
  readonly onRejection?: (store: StoreId, rejection: Rejection) => void;
}

export interface RoundsOptions {
  /** Something was surely written: its rounds do not look before they seal. */
  readonly hint?: boolean;
  /** Asked before each round. */
  readonly goOn: () => boolean;
  readonly onRound: (report: RoundReport) => void;
}

export interface WarmRollups {
  /** Rounds of one store until nothing more is sealed. Throws StoreError; what was done stays. */
  rounds(store: StoreId, options: RoundsOptions): Promise<void>;
}

export function createWarmRollups(host: Host, options: WarmRollupsOptions): WarmRollups {
  const { models, warmMax, onRejection = () => undefined } = options;
  const warm = new Map<StoreId, Rollup>();

  function newRollup(store: StoreId): Rollup {
    const model = models(store);
    return createRollup(host, {
      store,
      ...(model === null ? {} : { model }),
      onRejection: (rejection) => onRejection(store, rejection),
    });
  }

  function rollupOf(store: StoreId): Rollup {
    const rollup = warm.get(store) ?? newRollup(store);
    // The least lately used comes first, and goes first.
    warm.delete(store);
    warm.set(store, rollup);
    const [oldest] = warm.keys();
    if (warm.size > warmMax && oldest !== undefined) warm.delete(oldest);
    return rollup;
  }

  return {
    async rounds(store, { hint = false, goOn, onRound }) {
      for (let more = true; more && goOn(); ) {
        const report = await rollupOf(store).round({ hint });
        onRound(report);
        more = report.more;
      }
    },
  };
}
