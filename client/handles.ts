/** The promises of each action, resolved as it gets on. A handle that nobody waits for costs three promises and no unhandled rejection. */
import { StoreError } from "../shared/errors.ts";
import type { ActionId } from "../shared/wire/ids.ts";
import type { Timestamp } from "../shared/wire/time.ts";
import type { Update } from "../shared/wire/update.ts";
import type { Outbox } from "./outbox.ts";
import type { ActionHandle } from "./store.ts";

export interface Handles {
  open(id: ActionId, saved: Promise<void>): ActionHandle;
  stored(update: Update, timestamp: Timestamp): void;
  /** Whatever left the outbox is published, or dead. */
  settle(outbox: Outbox, position: Timestamp): void;
  /** The user took it out before it was sent. */
  dropped(id: ActionId): void;
}

interface Open {
  readonly stored: (timestamp: Timestamp) => void;
  readonly published: () => void;
  readonly fail: (error: StoreError) => void;
}

export function createHandles(): Handles {
  const open = new Map<ActionId, Open>();

  return {
    open(id, savedLocally) {
      let settle: Open | undefined;
      const both: { stored?: Promise<Timestamp>; published?: Promise<void> } = {};
      both.stored = new Promise<Timestamp>((resolveStored, rejectStored) => {
        both.published = new Promise<void>((resolve, reject) => {
          const fail = (error: StoreError): void => {
            rejectStored(error);
            reject(error);
          };
          settle = { stored: resolveStored, published: resolve, fail };
        });
      });
      if (settle) open.set(id, settle);
      const { stored = Promise.reject(), published = Promise.reject() } = both;
      for (const promise of [savedLocally, stored, published]) promise.catch(() => undefined);
      return { id, savedLocally, stored, published };
    },
    stored({ actions }, timestamp) {
      for (const { id } of actions) open.get(id)?.stored(timestamp);
    },
    dropped(id) {
      open.get(id)?.fail(droppedAction(id));
      open.delete(id);
    },
    settle({ updates, waiting, dead }, position) {
      if (open.size === 0) return;
      const kept = new Set(
        [...updates.flatMap(({ update }) => update.actions), ...waiting.map(({ action }) => action)].map(
          ({ id }) => id,
        ),
      );
      const reasons = new Map(dead.map(({ action, reason }) => [action.id, reason]));
      for (const [id, one] of open) {
        if (kept.has(id)) continue;
        const reason = reasons.get(id);
        if (reason === undefined) {
          // Where its acknowledgement never came: the log has it, here or before.
          one.stored(position);
          one.published();
        } else one.fail(deadLetter(id, reason));
        open.delete(id);
      }
    },
  };
}

function droppedAction(id: ActionId): StoreError {
  return new StoreError({
    kind: "rejected",
    what: `Action ${id} was dropped before it was sent`,
    fix: "Do it again if it is wanted after all.",
  });
}

function deadLetter(id: ActionId, reason: string): StoreError {
  return new StoreError({
    kind: "rejected",
    what: `Action ${id} is a dead letter: ${reason}`,
    fix: "Look at it in store.outbox.list(); drop it, or retry it.",
  });
}
