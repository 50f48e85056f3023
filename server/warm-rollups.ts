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
import type { AbortSignalLike } from "../shared/ports/platform.ts";
import type { StoreId } from "../shared/wire/ids.ts";

export interface WarmRollupsOptions {
  /** Null: no snapshots of this store, everything else works. */
  readonly models: (store: StoreId) => Model<unknown> | null;
  /** Rollups whose folded state stays in memory; the least lately used goes first. */
  readonly warmMax: number;
  /** ... and how much all of them may keep together, in bytes of JSON; left out: whatever it is. The one at work stays in any case. */
  readonly warmBytesMax?: number;
  /** Stops a fold between two segments: see RollupOptions. */
  readonly foldSignal?: AbortSignalLike;
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
  const {
    models,
    warmMax,
    warmBytesMax = Number.POSITIVE_INFINITY,
    foldSignal,
    onRejection = () => undefined,
  } = options;
  const warm = new Map<StoreId, Rollup>();

  function newRollup(store: StoreId): Rollup {
    const model = models(store);
    return createRollup(host, {
      store,
      ...(model === null ? {} : { model }),
      ...(foldSignal === undefined ? {} : { foldSignal }),
      onRejection: (rejection) => onRejection(store, rejection),
    });
  }

  function rollupOf(store: StoreId): Rollup {
    const rollup = warm.get(store) ?? newRollup(store);
    // The least lately used comes first, and goes first.
    warm.delete(store);
    warm.set(store, rollup);
    return rollup;
  }

  /** The least lately used go, until the rest have room; the one used last is never among them. */
  function giveUp(): void {
    const bytes = () => [...warm.values()].reduce((sum, rollup) => sum + rollup.warmBytes, 0);
    for (const oldest of [...warm.keys()].slice(0, -1)) {
      if (warm.size <= warmMax && bytes() <= warmBytesMax) return;
      warm.delete(oldest);
    }
  }

  return {
    async rounds(store, { hint = false, goOn, onRound }) {
      for (let more = true; more && goOn(); ) {
        const rollup = rollupOf(store);
        giveUp();
        const report = await rollup.round({ hint });
        // Now it is known how much this one keeps.
        giveUp();
        onRound(report);
        more = report.more;
      }
    },
  };
}
