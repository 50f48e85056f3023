import type { Model, Problem } from "../shared/model/model.ts";
import { validateAction } from "../shared/model/validate.ts";
import { createSignal } from "../shared/ports/signal.ts";
import { emptyChain } from "../shared/wire/marks.ts";
import { zeroTimestamp } from "../shared/wire/time.ts";
import type { StampedUpdate } from "../shared/wire/update.ts";
import { createCommits } from "./commits.ts";
import { createConfirmed } from "./confirmed.ts";
import { createTurns, findDivergence } from "./divergence.ts";
import type { Engine, EngineOptions } from "./engine-port.ts";
import { closedStore, hasUnsent, noHistory, refused } from "./errors.ts";
import { createHandles } from "./handles.ts";
import { stateAt } from "./history.ts";
import { createIds } from "./ids.ts";
import { createListeners } from "./listeners.ts";
import type { LocalRows, RowChanges } from "./local/local.ts";
import {
  appendAction,
  beginEpoch,
  type Changed,
  idsOf,
  markSeen,
  newMe,
  type Outbox,
  setMe,
} from "./outbox.ts";
import { readOutbox } from "./outbox-rows.ts";
import { createOutboxView } from "./outbox-view.ts";
import { createPending } from "./pending.ts";
import type { RemoteStore } from "./remote/remote.ts";
import { createRounds, type Rounds, readOnly } from "./round.ts";
import { noChanges, together } from "./row-changes.ts";
import { wantsTail } from "./settings.ts";
import { type Settled, settleByMarks, settleBySegment } from "./settle.ts";
import { afterFailedLoad, afterFailure, type Condition, firstCondition, statusOf } from "./status.ts";
import { createSyncLoop } from "./sync-loop.ts";

const unsolved = "the state has problems that must be solved first";

export function createEngine<S>(options: EngineOptions<S>): Engine<S> {
  const { model, store, local, remote, platform, settings } = options;
  const ids = createIds(platform);
  const listeners = createListeners(model as Model<unknown>, options.onListenerError);
  const handles = createHandles();
  const pending = createPending();
  const commits = createCommits((trouble, before) => {
    // An error of the remote is not over because the local storage works again.
    const other = condition.error === before ? null : condition.error;
    note({ error: trouble ?? other });
  });
  let outbox: Outbox = { me: newMe(ids.newAppId(), emptyChain), updates: [], waiting: [], dead: [] };
  let tail: readonly StampedUpdate[] = [];
  let condition: Condition = firstCondition;
  let shown: { readonly state: unknown; readonly problems: readonly Problem[] } | undefined;
  let rows: LocalRows | null = null;
  let closed = false;
  const isCheckDue = createTurns(platform, settings.divergenceCheckMs);

  const tools = { sha256: platform.sha256, newName: () => newMe(ids.newAppId(), emptyChain) };
  const confirmed = createConfirmed<S>({
    model,
    sha256: platform.sha256,
    commit: commits.commit,
    onPublished(updates, judges) {
      tail = tail.filter(({ timestamp }) => timestamp > (updates.at(-1)?.timestamp ?? 0));
      const settled = judges ? settle(settleBySegment(outbox, updates, tools)) : noChanges;
      listeners.arrived(updates, outbox.me.app, "log");
      return settled;
    },
    onReplaced(why) {
      tail = [];
      if (why === "epoch") note({ epochs: condition.epochs + 1 });
      // What was on top of the old state is put on top of the new one, should this round get no further.
      if (why === "epoch") void change(beginEpoch(outbox)).catch(() => undefined);
      else refresh();
    },
  });

  const rounds: Rounds | null = remote && newRounds(remote);
  const loop = createSyncLoop({
    platform,
    settings,
    round: runRound,
    onResult(error) {
      if (error !== null) note(afterFailure(condition, error));
    },
  });
  const loaded = load();
  loaded.catch((error) => {
    commits.fail(error);
    note(afterFailedLoad(condition, error));
  });

  /** Everything that changes ends here. */
  function refresh(): void {
    confirmed.layers.setPending(pending.list(outbox, tail));
    handles.settle(outbox);
    listeners.changed();
  }

  function note(changes: Partial<Condition>): void {
    condition = { ...condition, ...changes };
    listeners.changed();
  }

  function change({ outbox: next, changes }: Changed): Promise<void> {
    outbox = next;
    const durable = commits.commit(changes);
    refresh();
    return durable;
  }

  /** What the log settled; a clone goes on under a new app id. Gives the rows. */
  function settle({ outbox: next, changes, cloned }: Settled): RowChanges {
    outbox = next;
    if (cloned) note({ cloned: true });
    return changes;
  }

  async function load(): Promise<void> {
    rows = await local.open(store);
    const found = await rows.load();
    const early = outbox;
    confirmed.restore(local.name, found);
    const known = readOutbox(local.name, found, early.me);
    for (const id of idsOf(known)) ids.goAbove(id);
    outbox = { ...known, waiting: [...known.waiting, ...early.waiting] };
    commits.open(rows);
    const named = setMe(outbox, outbox.me);
    void change(named).catch(() => undefined);
    note({ phase: rounds ? "syncing" : "idle" });
    if (rounds && !closed) loop.start();
    remote?.live?.((reason) => loop.wake(reason), live.signal);
  }

  const live = createSignal();

  async function runRound(
    reason: string,
  ): Promise<{ readonly active: boolean; readonly retryAfterMs: number | null }> {
    if (!rounds) return { active: false, retryAfterMs: null };
    note({ phase: "syncing" });
    const { active, later, retryAfterMs } = await rounds.run(wantsTail(reason, settings));
    await checkDivergence(rounds);
    refresh();
    const waiting = later ?? (maySend() ? null : unsolved);
    note({ phase: "idle", error: commits.trouble, syncedAt: platform.now(), waiting });
    return { active, retryAfterMs };
  }

  function newRounds(to: RemoteStore): Rounds {
    return createRounds({
      store,
      remote: to,
      platform,
      settings,
      modelVersion: model.version,
      confirmed: confirmed as never,
      commits,
      outbox: () => outbox,
      async change(changed) {
        await change(changed);
        for (const { update, storedAt } of changed.outbox.updates)
          if (storedAt !== null) handles.stored(update, storedAt);
      },
      newUpdateId: ids.newUpdateId,
      maySend,
      async settleByMarks(markOf) {
        const settled = settle(settleByMarks(outbox, markOf, tools));
        await commits.commit(together(settled, confirmed.markSettled()));
        refresh();
      },
      showTail(updates) {
        const known = new Set(tail.map(({ id }) => id));
        const isNew = updates.some(({ id }) => !known.has(id));
        tail = updates;
        confirmed.layers.setTail(updates);
        listeners.arrived(updates, outbox.me.app, "tail");
        const last = updates.at(-1)?.timestamp ?? zeroTimestamp;
        const seen = markSeen(outbox, last > confirmed.layers.position ? last : confirmed.layers.position);
        void change(seen).catch(() => undefined);
        return isNew;
      },
    });
  }

  function maySend(): boolean {
    return !options.pushOnlyWhileValid || problems().length === 0;
  }

  function problems(): readonly Problem[] {
    const state = confirmed.layers.states().optimistic;
    shown = shown?.state === state ? shown : { state, problems: model.problemsOf(state) };
    return shown.problems;
  }

  async function checkDivergence(with_: Rounds): Promise<void> {
    const place = findDivergence(confirmed, model.version, isCheckDue);
    if (place === null) return;
    await confirmed.replica.reset(place.epoch);
    with_.restart();
    await with_.run(true);
    note({ divergence: { at: place.position, repairedAt: platform.now() } });
  }

  function requireOpen(): void {
    if (closed) throw closedStore(store);
  }

  return {
    get layers() {
      return confirmed.layers;
    },
    listeners,
    loaded,
    problems,
    status: () => statusOf(condition, outbox, confirmed.layers.position),
    wake: (reason) => loop.wake(reason),
    dispatch({ name, data }) {
      requireOpen();
      const valid = validateAction(model as Model, name, data);
      if (!valid.ok) throw refused(name, valid.problems);
      const action = { id: ids.newActionId(), name, data: valid.data };
      const row = { action, modelVersion: model.version, held: false };
      const saved = commits.commit(appendAction(outbox, row));
      confirmed.layers.addPending(pending.add(outbox, row));
      const handle = handles.open(action.id, saved);
      listeners.made(action, outbox.me.app, model.version);
      listeners.changed();
      loop.wakeSoon();
      return handle;
    },
    outbox: createOutboxView({
      outbox: () => outbox,
      change: (changed) => void change(changed).catch(() => undefined),
      newActionId: ids.newActionId,
      wakeSoon: loop.wakeSoon,
    }),
    async syncNow() {
      requireOpen();
      await loaded;
      if (rounds) await loop.now();
    },
    async at(time) {
      requireOpen();
      if (!remote) throw noHistory(store);
      return stateAt({ bucket: readOnly(remote), platform, settings }, { store, model, time });
    },
    async close() {
      if (closed) return;
      closed = true;
      live.abort();
      await loop.stop();
      await loaded.catch(() => undefined);
      await commits.flush().catch(() => undefined);
      await rows?.close();
      note({ phase: "closed" });
    },
    async forget({ force = false } = {}) {
      await loaded.catch(() => undefined);
      const { pending: unsent } = statusOf(condition, outbox, zeroTimestamp);
      if (unsent > 0 && !force) throw hasUnsent(store, unsent);
      await this.close();
      const again = await local.open(store);
      await again.clear();
      await again.close();
    },
  };
}
