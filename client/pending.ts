/**
 * What the outbox adds to the shown state: each action as an update of its own, in order, with a forecast of its timestamp. Grouping
 * actions into an update changes nothing here, so nothing is redone when they are sent. What the tail shows already is left out, and what
 * a tab of a newer release has made, which would hide all that comes after it.
 *
 * Own updates show in the order of their making, whatever the tail holds of them: a seal hides an earlier one from it and leaves a later
 * one in it. From the first that is missing there, all of them are pending. What of them is not known here yet, another tab's rows bring.
 */
import { firstTooNew } from "../shared/fold/fold.ts";
import type { FoldUpdate } from "../shared/fold/fold-update.ts";
import type { Model } from "../shared/model/model.ts";
import { type ActionId, createdAt, type UpdateId } from "../shared/wire/ids.ts";
import { type Timestamp, toTimestamp } from "../shared/wire/time.ts";
import type { Action, StampedUpdate } from "../shared/wire/update.ts";
import type { Outbox } from "./outbox.ts";
import type { ActionRow } from "./rows.ts";

export interface Pending {
  /**
   * What to show of a tail, and what on top of it. The same action gives the same object again, by which the layers see that nothing
   * changed. What was acknowledged at or below `loggedThrough` is in the log that is shown, though nobody has looked it up there yet.
   */
  list(outbox: Outbox, tail: readonly StampedUpdate[], loggedThrough: Timestamp): ShownOnTop;
  /** One more action, at the end. */
  add(outbox: Outbox, row: ActionRow): FoldUpdate;
}

export interface ShownOnTop {
  readonly tail: readonly StampedUpdate[];
  readonly pending: readonly FoldUpdate[];
}

/** What is known of the place that an action will get. */
export interface Forecast {
  /** The store's clock minus this machine's, milliseconds. */
  offsetMs(): number;
  /** The largest timestamp that was shown here. */
  shownThrough(): Timestamp;
}

export function createPending(model: Pick<Model, "anyVersion" | "version">, forecast: Forecast): Pending {
  const foretell = (action: Action, app: FoldUpdate["app"], modelVersion: number): FoldUpdate => ({
    // Raised above what is known by the layers; a seq means nothing before it is sent.
    timestamp: toTimestamp(Math.max(0, createdAt(action.id) + forecast.offsetMs())),
    app,
    seq: 1,
    after: forecast.shownThrough(),
    modelVersion,
    actions: [action],
  });
  let known = new Map<ActionId, FoldUpdate>();
  return {
    list({ me, updates, waiting }, tail, loggedThrough) {
      const shown = new Set(tail.slice(0, firstTooNew(model, tail)?.count).map(({ id }) => id));
      /** Of this app's, those that the tail may show. */
      const mine = new Set<UpdateId>();
      let inOrder = true;
      const next = new Map<ActionId, FoldUpdate>();
      const add = (action: Action, modelVersion: number): void => {
        if (modelVersion > model.version && !model.anyVersion) return;
        const before = known.get(action.id);
        const same = before?.app === me.app && before.modelVersion === modelVersion;
        next.set(action.id, same ? before : foretell(action, me.app, modelVersion));
      };
      for (const { update, storedAt } of updates) {
        const isLogged = storedAt !== null && storedAt <= loggedThrough;
        inOrder &&= isLogged || shown.has(update.id);
        if (inOrder) mine.add(update.id);
        else for (const action of update.actions) add(action, update.modelVersion);
      }
      for (const { action, modelVersion } of waiting) add(action, modelVersion);
      known = next;
      const own = new Set(updates.map(({ update }) => update.app)).add(me.app);
      return {
        tail: tail.filter(
          ({ id, app, seq }) => mine.has(id) || !own.has(app) || (app === me.app && seq <= me.settledSeq),
        ),
        pending: [...next.values()],
      };
    },
    add({ me }, { action, modelVersion }) {
      const update = foretell(action, me.app, modelVersion);
      known.set(action.id, update);
      return update;
    },
  };
}
