/**
 * What the outbox adds to the shown state: each action as an update of its own, in order, with a forecast of its timestamp. Grouping
 * actions into an update changes nothing here, so nothing is redone when they are sent. What the tail shows already is left out, and what
 * a tab of a newer release has made, which would hide all that comes after it.
 */
import type { FoldUpdate } from "../shared/fold/fold-update.ts";
import type { Model } from "../shared/model/model.ts";
import { type ActionId, createdAt } from "../shared/wire/ids.ts";
import { toTimestamp } from "../shared/wire/time.ts";
import type { Action, StampedUpdate } from "../shared/wire/update.ts";
import type { Outbox } from "./outbox.ts";
import type { ActionRow } from "./rows.ts";

export interface Pending {
  /** The same action gives the same object again, by which the layers see that nothing changed. */
  list(outbox: Outbox, tail: readonly StampedUpdate[]): readonly FoldUpdate[];
  /** One more action, at the end. */
  add(outbox: Outbox, row: ActionRow): FoldUpdate;
}

export function createPending(model: Pick<Model, "anyVersion" | "version">): Pending {
  let known = new Map<ActionId, FoldUpdate>();
  return {
    list({ me, updates, waiting }, tail) {
      const shown = new Set(tail.map(({ id }) => id));
      const next = new Map<ActionId, FoldUpdate>();
      const add = (action: Action, modelVersion: number): void => {
        if (modelVersion > model.version && !model.anyVersion) return;
        const before = known.get(action.id);
        const same = before?.app === me.app && before.modelVersion === modelVersion;
        next.set(action.id, same ? before : pendingUpdate(action, me.app, modelVersion));
      };
      for (const { update } of updates)
        if (!shown.has(update.id)) for (const action of update.actions) add(action, update.modelVersion);
      for (const { action, modelVersion } of waiting) add(action, modelVersion);
      known = next;
      return [...next.values()];
    },
    add({ me }, { action, modelVersion }) {
      const update = pendingUpdate(action, me.app, modelVersion);
      known.set(action.id, update);
      return update;
    },
  };
}

/** Raised above what is known by the layers; a seq means nothing before it is sent. */
function pendingUpdate(action: Action, app: FoldUpdate["app"], modelVersion: number): FoldUpdate {
  return { timestamp: toTimestamp(createdAt(action.id)), app, seq: 1, modelVersion, actions: [action] };
}
