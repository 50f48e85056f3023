/**
 * What a store is at this moment, in memory: its outbox, the tail, its condition; and who is told when something changes. Every change
 * of outbox, tail or log ends in `refresh`, which brings layers, handles and listeners up to date.
 */
import type { StoreError } from "../shared/errors.ts";
import type { Rejection } from "../shared/fold/fold.ts";
import type { Layers } from "../shared/fold/layers.ts";
import type { Model } from "../shared/model/model.ts";
import type { ActionId } from "../shared/wire/ids.ts";
import { emptyChain } from "../shared/wire/marks.ts";
import type { Timestamp } from "../shared/wire/time.ts";
import type { StampedUpdate, Update } from "../shared/wire/update.ts";
import type { Commits } from "./commits.ts";
import type { FollowParts } from "./follow.ts";
import { createHandles } from "./handles.ts";
import type { IdSource } from "./ids.ts";
import { createListeners, type Listeners } from "./listeners.ts";
import type { RowChanges } from "./local/local.ts";
import { appendAction, type Changed, idsOf, laterOf, newMe, type Outbox } from "./outbox.ts";
import { createPending } from "./pending.ts";
import { createRejections } from "./rejections.ts";
import type { ActionRow } from "./rows.ts";
import type { Settled } from "./settle.ts";
import { type Condition, firstCondition, statusOf } from "./status.ts";
import type { ActionHandle, RejectedAction, SyncStatus } from "./store.ts";
import type { Told } from "./tab-words.ts";

export interface CoreParts {
  readonly model: Model<unknown>;
  readonly ids: IdSource;
  readonly commits: Commits;
  readonly actionBytesMax: number;
  /** The store's clock minus this machine's; null where it is not known. */
  clockOffsetMs(): number | null;
  readonly onListenerError: (error: unknown) => void;
  readonly onRejected: (rejected: RejectedAction) => void;
  layers(): Layers<unknown>;
  /** What was acknowledged at or below it is in the log that is shown, though nobody has looked it up there yet; 0: nothing. */
  loggedThrough(): Timestamp;
  /** To the tabs that follow this one, if there are any. */
  tell(told: Told): void;
}

export interface Core extends Pick<FollowParts, "take" | "told" | "greeted"> {
  outbox: Outbox;
  readonly tail: readonly StampedUpdate[];
  readonly condition: Condition;
  status(): SyncStatus;
  readonly listeners: Listeners;
  /** Updates have come in, of which the model refused some; those of a tail tell by themselves. */
  arrived(updates: readonly StampedUpdate[], from: "tail" | "log", rejected?: readonly Rejection[]): void;
  /** Brings what is shown on top of the log in line with outbox and tail, in the turn in which one of the three changed. */
  show(): void;
  /** The same, and tells who waits and who listens. */
  refresh(): void;
  note(changes: Partial<Condition>): void;
  /** What the local storage says now, and what it said before. */
  troubled(trouble: StoreError | null, before: StoreError | null): void;
  setTail(updates: readonly StampedUpdate[]): void;
  /** What is published through here is no tail any more. */
  dropTail(through: number): void;
  /** Takes the next outbox and makes its rows durable. */
  change(changed: Changed): Promise<void>;
  /** The same where nobody waits for it: a failure shows in the status. */
  changeSoon(changed: Changed): void;
  /** What the log settled; a clone goes on under a new app id. Gives the rows. */
  settle(settled: Settled): RowChanges;
  stored(update: Update, storedAt: StampedUpdate["timestamp"]): void;
  /** The user took an action out before it was sent. */
  dropped(id: ActionId): void;
  /** An action of this tab. */
  make(row: ActionRow): ActionHandle;
}

export function createCore(parts: CoreParts): Core {
  const { model, ids, commits, onListenerError, onRejected, layers, tell } = parts;
  const listeners = createListeners(model, onListenerError);
  const handles = createHandles();
  const rejections = createRejections(
    () => [...layers().rejections().tail, ...layers().rejections().pending],
    ({ app }) => app === outbox.me.app,
    (rejected) => listeners.call(() => onRejected(rejected)),
  );
  const pending = createPending(model, {
    offsetMs: () => parts.clockOffsetMs() ?? 0,
    shownThrough: () => laterOf(outbox.me.seen, layers().position),
  });
  let outbox: Outbox = { me: newMe(ids.newAppId(), emptyChain), updates: [], waiting: [], dead: [] };
  let tail: readonly StampedUpdate[] = [];
  let condition: Condition = firstCondition;

  function show(): void {
    const shown = pending.list(outbox, tail, parts.loggedThrough());
    layers().setTail(shown.tail);
    layers().setPending(shown.pending);
  }

  function arrived(
    updates: readonly StampedUpdate[],
    from: "tail" | "log",
    rejected: readonly Rejection[] = [],
  ): void {
    rejections.tell(rejected);
    const found = () => (from === "log" ? rejected : layers().rejections().tail);
    listeners.arrived(updates, outbox.me.app, from, () => idsIn(found()));
  }

  function refresh(): void {
    show();
    rejections.lookSoon();
    handles.settle(outbox, layers().position);
    listeners.changed();
  }

  const refusedOnTop = () => idsIn(layers().rejections().pending);

  function note(changes: Partial<Condition>): void {
    condition = { ...condition, ...changes };
    tell({ is: "condition", condition });
    listeners.changed();
  }

  function setTail(updates: readonly StampedUpdate[]): void {
    const same = updates.length === tail.length && updates.every(({ id }, i) => id === tail[i]?.id);
    tail = updates;
    if (!same) tell({ is: "tail", updates: tail });
  }

  function change({ outbox: next, changes }: Changed): Promise<void> {
    outbox = next;
    const durable = commits.commit(changes);
    refresh();
    return durable;
  }

  return {
    get outbox() {
      return outbox;
    },
    set outbox(next) {
      outbox = next;
    },
    get tail() {
      return tail;
    },
    get condition() {
      return condition;
    },
    status: () => statusOf(condition, outbox, { position: layers().position, trouble: commits.trouble }),
    listeners,
    arrived,
    show,
    refresh,
    note,
    troubled(trouble, before) {
      // An error of the remote is not over because the local storage works again.
      const { error } = condition;
      note({ error: trouble ?? (error === before ? null : error) });
    },
    setTail,
    dropTail(through) {
      tail = tail.filter(({ timestamp }) => timestamp > through);
    },
    change,
    changeSoon: (changed) => void change(changed).catch(() => undefined),
    settle({ outbox: next, changes, cloned }) {
      outbox = next;
      if (cloned) note({ cloned: true });
      return changes;
    },
    stored: handles.stored,
    dropped: handles.dropped,
    make(row) {
      const saved = commits.add(appendAction(outbox, row, parts.actionBytesMax).put);
      layers().addPending(pending.add(outbox, row));
      const handle = handles.open(row.action.id, saved);
      listeners.made(row, outbox.me.app, refusedOnTop);
      rejections.lookSoon();
      listeners.changed();
      return handle;
    },
    take(next, { made, arrived: { updates, rejected } }) {
      outbox = next;
      for (const id of idsOf(next)) ids.goAbove(id);
      for (const { update, storedAt } of next.updates)
        if (storedAt !== null) handles.stored(update, storedAt);
      for (const update of updates) handles.stored(update, update.timestamp);
      tail = tail.filter(({ timestamp }) => timestamp > layers().position);
      refresh();
      for (const row of made) listeners.made(row, outbox.me.app, refusedOnTop);
      arrived(updates, "log", rejected);
    },
    told(words) {
      if (words.is === "condition") {
        note({ ...words.condition, error: commits.trouble ?? words.condition.error });
        return;
      }
      tail = words.updates;
      show();
      arrived(tail, "tail");
      refresh();
    },
    greeted() {
      tell({ is: "condition", condition });
      tell({ is: "tail", updates: tail });
    },
  };
}

function idsIn(rejected: readonly Rejection[]): ReadonlySet<ActionId> {
  return new Set(rejected.map(({ actionId }) => actionId));
}
