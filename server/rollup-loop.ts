/**
 * createRollupLoop: the rollup of a server that is one process: soon after each update that it stored itself, and of all its stores now
 * and then for what came another way. A store whose round fails waits for the next turn of all; the others go on.
 */
import type { RoundReport } from "../shared/drive/rollup.ts";
import type { Host } from "../shared/drive/run.ts";
import type { Model } from "../shared/model/model.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import { eachAtOnce } from "./at-once.ts";
import { createWarmRollups } from "./warm-rollups.ts";

export interface RollupLoopOptions {
  /** Which stores there are: asked before each turn of all. */
  readonly stores: () => Promise<readonly StoreId[]>;
  readonly models: (store: StoreId) => Model<unknown> | null;
  /** Between two turns of all. */
  readonly everyMs: number;
  /** From an update that was stored here to its round: as long as the seal stays behind, and a little for others to join. */
  readonly delayMs: number;
  readonly onRound: (store: StoreId, report: RoundReport) => void;
  /** Null: no store's round, but finding out which stores there are. */
  readonly onTrouble: (store: StoreId | null, error: unknown) => void;
}

export interface RollupLoop {
  start(): void;
  /** An update of this store was stored. */
  note(store: StoreId): void;
  /** Resolves when the round at work has ended. */
  stop(): Promise<void>;
}

/** Rollups whose folded state stays in memory. */
const warmMax = 100;
/** Stores at work at once: a slow one holds up few. */
const atOnce = 4;

export function createRollupLoop(host: Host, options: RollupLoopOptions): RollupLoop {
  const { platform } = host;
  const { delayMs, everyMs } = options;
  const rollups = createWarmRollups(host, { models: options.models, warmMax });
  /** When each store's round is due, and whether something was surely written. */
  const due = new Map<StoreId, { readonly at: number; readonly hint: boolean }>();
  let turnAt = Number.NEGATIVE_INFINITY;
  let stopped = false;
  let sleep = new AbortController();
  let running: Promise<void> = Promise.resolve();

  async function loop(): Promise<void> {
    while (!stopped) {
      await noteAll();
      await eachAtOnce(takeDue(), atOnce, roundsOf);
      await nap();
    }
  }

  async function noteAll(): Promise<void> {
    const now = platform.now();
    // A clock that was set back must not stop the turns.
    if (now < turnAt && turnAt - now <= everyMs) return;
    turnAt = now + everyMs;
    try {
      for (const store of await options.stores())
        if (!due.has(store)) due.set(store, { at: now, hint: false });
    } catch (error) {
      options.onTrouble(null, error);
    }
  }

  function takeDue(): readonly (readonly [StoreId, boolean])[] {
    const now = platform.now();
    const taken = [...due].filter(([, { at }]) => at <= now || at - now > everyMs + delayMs);
    for (const [store] of taken) due.delete(store);
    return taken.map(([store, { hint }]) => [store, hint] as const);
  }

  async function roundsOf([store, hint]: readonly [StoreId, boolean]): Promise<void> {
    try {
      let done = 0;
      await rollups.rounds(store, {
        hint,
        goOn: () => !stopped,
        onRound(report) {
          options.onRound(store, report);
          done += report.published + report.dropped + report.setAside;
        },
      });
      // What was surely written and is not sealed yet, will be.
      if (hint && done === 0 && !due.has(store))
        due.set(store, { at: platform.now() + delayMs, hint: false });
    } catch (error) {
      options.onTrouble(store, error);
    }
  }

  async function nap(): Promise<void> {
    if (stopped) return;
    const nextAt = Math.min(turnAt, ...[...due.values()].map(({ at }) => at));
    sleep = new AbortController();
    await platform.wait(Math.min(everyMs, Math.max(0, nextAt - platform.now())), sleep.signal);
  }

  return {
    start() {
      running = loop();
    },
    note(store) {
      const at = platform.now() + delayMs;
      due.set(store, { at: Math.min(at, due.get(store)?.at ?? at), hint: true });
      sleep.abort();
    },
    async stop() {
      stopped = true;
      sleep.abort();
      await running;
    },
  };
}
