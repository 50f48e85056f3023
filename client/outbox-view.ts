/** The outbox as an app sees it: each action, where it is, why it goes no further; and what may be done about it. */
import type { Model } from "../shared/model/model.ts";
import type { ActionId } from "../shared/wire/ids.ts";
import { notEditable } from "./errors.ts";
import { type Changed, drop, hold, type Outbox, retry } from "./outbox.ts";
import type { UpdateRow } from "./rows.ts";
import type { OutboxItem, Store, StoreOutbox } from "./store.ts";
import type { OutboxWish } from "./tab-words.ts";

/** What the outbox alone can do. */
export type OutboxView = Omit<StoreOutbox, "edit">;

/** `change` takes the next outbox; its rows follow by themselves. */
export function createOutboxView(engine: {
  readonly outbox: () => Outbox;
  readonly change: (changed: Changed) => void;
  readonly newActionId: () => ActionId;
  readonly dropped: (id: ActionId) => void;
  readonly wakeSoon: () => void;
}): OutboxView {
  const { outbox, change } = engine;
  return {
    list: () => listOutbox(outbox()),
    hold: (id) => change(hold(outbox(), id, true)),
    release(id) {
      change(hold(outbox(), id, false));
      engine.wakeSoon();
    },
    drop(id) {
      const dropped = drop(outbox(), id);
      if (dropped.changes.delete.length > 0) engine.dropped(id);
      change(dropped);
    },
    retry(id) {
      change(retry(outbox(), id, engine.newActionId()));
      engine.wakeSoon();
    },
  };
}

/** In a tab that follows: `askLeader` is false where this tab may change the outbox itself. */
export function followedOutbox(
  here: OutboxView,
  askLeader: (asked: { readonly do: OutboxWish; readonly id: ActionId }) => boolean,
): OutboxView {
  const wish =
    (name: OutboxWish) =>
    (id: ActionId): void => {
      if (!askLeader({ do: name, id })) here[name](id);
    };
  return {
    list: here.list,
    hold: wish("hold"),
    release: wish("release"),
    drop: wish("drop"),
    retry: wish("retry"),
  };
}

/** An action never changes: another one takes its place. */
export function withEdit(view: OutboxView, dispatch: Store<Model<unknown>>["dispatch"]): StoreOutbox {
  return {
    ...view,
    edit(id, data) {
      const found = view.list().find(({ action, at }) => action.id === id && editable.has(at));
      if (!found) throw notEditable(id);
      const handle = dispatch({ name: found.action.name, data });
      if (found.at === "held") view.hold(handle.id);
      view.drop(id);
      return handle;
    },
  };
}

const editable: ReadonlySet<OutboxItem["at"]> = new Set(["waiting", "held", "dead"]);

function listOutbox({ updates, waiting, dead }: Outbox): readonly OutboxItem[] {
  return [
    ...updates.flatMap((row) =>
      row.update.actions.map((action) => ({ action, at: placeOf(row), reason: row.rejected })),
    ),
    ...waiting.map(({ action, held }) => ({
      action,
      at: held ? ("held" as const) : ("waiting" as const),
      reason: null,
    })),
    ...dead.map(({ action, reason }) => ({ action, at: "dead" as const, reason })),
  ];
}

function placeOf({ storedAt, rejected }: UpdateRow): OutboxItem["at"] {
  if (storedAt !== null) return "stored";
  return rejected === null ? "sent" : "rejected";
}
