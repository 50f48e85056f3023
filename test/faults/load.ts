/** Load on a store from within a test: writers and rollups that keep at it through all trouble, and what was acknowledged to them. */
import { createRollup } from "../../shared/drive/rollup.ts";
import type { Host } from "../../shared/drive/run.ts";
import { createWriter } from "../../shared/drive/writer.ts";
import { StoreError } from "../../shared/errors.ts";
import type { StoreId } from "../../shared/wire/ids.ts";
import { type Timestamp, zeroTimestamp } from "../../shared/wire/time.ts";
import type { Acknowledged } from "../stress/check.ts";
import { model } from "../stress/model.ts";
import { stressUpdate } from "../stress/updates.ts";

export interface Load {
  readonly acknowledged: readonly Acknowledged[];
  /** Kinds of the errors that were met and waited out. */
  readonly troubles: ReadonlySet<string>;
  /** Resolves when every writer has sent all of its updates and the rollups have ended. */
  readonly done: Promise<void>;
}

export interface LoadOptions {
  readonly store: StoreId;
  readonly writers: number;
  readonly updates: number;
  readonly rollups: number;
  /** A host of its own for each writer and rollup, as separate processes have. */
  readonly newHost: () => Promise<Host>;
}

const pauseMs = 100;

export function startLoad(options: LoadOptions): Load {
  const acknowledged: Acknowledged[] = [];
  const troubles = new Set<string>();
  let writing = true;

  const untilDone = async <T>(host: Host, work: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        troubles.add(error.kind);
        await host.platform.wait(pauseMs);
      }
    }
  };
  const write = async (number: number): Promise<void> => {
    const host = await options.newHost();
    const writer = createWriter(host, options.store);
    let after: Timestamp = zeroTimestamp;
    for (let seq = 1; seq <= options.updates; seq++) {
      const update = stressUpdate(number, seq, after);
      for (;;) {
        const outcome = await untilDone(host, () => writer.append(update));
        if (outcome.is === "stored") {
          after = outcome.timestamp;
          break;
        }
        await host.platform.wait(Math.min(outcome.retryAfterMs, pauseMs));
      }
      acknowledged.push({ writer: number, seq, timestamp: after });
    }
  };
  const roll = async (): Promise<void> => {
    const host = await options.newHost();
    const rollup = createRollup(host, { store: options.store, model: model as never });
    while (writing) {
      await untilDone(host, () => rollup.round());
      await host.platform.wait(pauseMs);
    }
  };
  const many = (count: number, work: (i: number) => Promise<void>) =>
    Promise.all(Array.from({ length: count }, (_, i) => work(i)));
  const all = async (): Promise<void> => {
    const rolling = many(options.rollups, roll);
    try {
      await many(options.writers, write);
    } finally {
      writing = false;
    }
    await rolling;
  };
  return { acknowledged, troubles, done: all() };
}

/** Faults are over: everything that is stored comes into the log. */
export async function publishAll(host: Host, store: StoreId): Promise<void> {
  const rollup = createRollup(host, { store, model: model as never });
  await host.platform.wait(1_200 + host.settings.graceMs);
  for (;;) {
    const { more, published, dropped } = await rollup.round();
    if (!more && published + dropped === 0) return;
  }
}
