import type { Model } from "../shared/model/model.ts";
import { validateAction } from "../shared/model/validate.ts";
import { emptyChain } from "../shared/wire/marks.ts";
import { zeroTimestamp } from "../shared/wire/time.ts";
import { createCommits } from "./commits.ts";
import { createConfirmed } from "./confirmed.ts";
import { createCore } from "./core.ts";
import type { Engine, EngineOptions } from "./engine-port.ts";
import { closedStore, hasUnsent, noHistory, refused } from "./errors.ts";
import type { createFollowing, Following, FollowParts } from "./follow.ts";
import { stateAt } from "./history.ts";
import { createIds } from "./ids.ts";
import { createLeader } from "./leader.ts";
import { ledElsewhere } from "./local/errors.ts";
import type { LocalRows } from "./local/local.ts";
import { beginEpoch, idsOf, isOnItsWay, markSeen, newMe, setMe } from "./outbox.ts";
import { keepOrder } from "./outbox-group.ts";
import { outboxRows, readOutbox, withEarly } from "./outbox-rows.ts";
import { createOutboxView, followedOutbox } from "./outbox-view.ts";
import { createProblems, unsolved } from "./problems.ts";
import type { RemoteStore } from "./remote/remote.ts";
import { createRounds, type Rounds, readOnly } from "./round.ts";
import { noChanges, together } from "./row-changes.ts";
import { wantsTail } from "./settings.ts";
import { settleByMarks, settleBySegment } from "./settle.ts";
import { afterFailedLoad, afterFailure } from "./status.ts";
import type { RoundResult } from "./sync-loop.ts";
import type { Asked } from "./tab-words.ts";

export function createEngine<S>(options: EngineOptions<S>): Engine<S> {
  const { model, store, local, remote, platform, settings } = options;
  const ids = createIds(platform);
  const commits = createCommits(
    (trouble, before) => core.troubled(trouble, before),
    () => new Map([...outboxRows(core.outbox), ...confirmed.allRows()]),
  );
  let rows: LocalRows | null = null;
  /** Null where no other tab may have the rows open. */
  let following: Following | null = null;
  let closed = false;
  const core = createCore({
    model: model as Model<unknown>,
    ids,
    commits,
    actionBytesMax: settings.actionBytesMax,
    clockOffsetMs: () => remote?.clockOffsetMs() ?? null,
    onListenerError: options.onListenerError,
    onRejected: options.onRejected,
    layers: () => confirmed.layers,
    loggedThrough: () => (confirmed.place?.settled === false ? confirmed.layers.position : zeroTimestamp),
    tell: (told) => void (following?.leads && !closed && following.tell(told)),
  });
  const { note, show, refresh, change, changeSoon, settle, listeners } = core;

  const problems = createProblems(model as Model<unknown>, () => confirmed.layers.states().optimistic);
  const tools = {
    sha256: platform.sha256,
    newName: () => newMe(ids.newAppId(), emptyChain, core.outbox.me.epoch),
  };
  const confirmed = createConfirmed<S>({
    model,
    sha256: platform.sha256,
    commit: commits.commit,
    onPublished(updates, judges) {
      core.dropTail(updates.at(-1)?.timestamp ?? 0);
      for (const update of updates) core.stored(update, update.timestamp);
      return judges ? settle(settleBySegment(core.outbox, updates, tools)) : noChanges;
    },
    onConfirmed(updates, rejected) {
      show();
      core.arrived(updates, "log", rejected);
    },
    onEpoch(epoch) {
      const { me } = core.outbox;
      if (me.epoch === epoch) return noChanges;
      const { outbox, changes } = beginEpoch(core.outbox, epoch);
      core.outbox = outbox;
      if (me.epoch === null) return changes;
      core.setTail([]);
      show();
      note({ epochs: core.condition.epochs + 1 });
      return changes;
    },
    onReplaced() {
      core.setTail([]);
      // What was on top of the old state is put on top of the new one, should this round get no further.
      refresh();
    },
  });

  const leader = createLeader({
    platform,
    isHidden: () => following === null && (platform.presence?.isHidden() ?? false),
    settings,
    remote,
    newRounds,
    run: runRound,
    onResult(error) {
      if (error !== null && mayLead()) note(afterFailure(core.condition, error));
    },
  });
  const view = createOutboxView({
    outbox: () => core.outbox,
    change: changeSoon,
    newActionId: ids.newActionId,
    dropped: core.dropped,
    wakeSoon: leader.wakeSoon,
  });
  const loaded = load();
  loaded.catch((error) => {
    commits.fail(error);
    note(afterFailedLoad(core.condition, error));
  });

  async function load(): Promise<void> {
    rows = await local.open(store);
    const { shared } = rows;
    if (shared) {
      following = (shared.follow as typeof createFollowing)(followParts({ rows, shared }));
      return following.begin();
    }
    const found = await rows.load();
    confirmed.restore(local.name, found);
    const known = readOutbox(local.name, found, core.outbox.me);
    for (const id of idsOf(known)) ids.goAbove(id);
    core.outbox = withEarly(known, core.outbox, confirmed.place);
    commits.open(rows);
    lead();
  }

  /** From here on this tab sends and reads. */
  function lead(): void {
    const { version: modelVersion } = model;
    const shown = confirmed.layers.position;
    const kept = keepOrder(core.outbox, () => ({ id: ids.newUpdateId(), modelVersion, settings, shown }));
    const { outbox, changes } = setMe(kept.outbox, kept.outbox.me);
    changeSoon({ outbox, changes: together(kept.changes, changes) });
    note({ phase: remote ? "syncing" : "idle" });
    if (!closed) leader.start();
  }

  function mayLead(): boolean {
    return following?.leads ?? true;
  }

  function followParts(shared: Pick<FollowParts, "rows" | "shared">): FollowParts {
    return {
      ...shared,
      local: local.name,
      newAppId: ids.newAppId,
      commits,
      confirmed,
      outbox: () => core.outbox,
      take(next, found) {
        core.take(next, found);
        if (found.made.length > 0) leader.wakeSoon();
      },
      told: core.told,
      greeted: core.greeted,
      stop: leader.stop,
      lead,
      doHere,
      failed: (error) => note(afterFailedLoad(core.condition, error)),
      pause: () => platform.wait(settings.retryDelayMs),
    };
  }

  async function doHere(asked: Asked): Promise<void> {
    if (asked.do === "wake") return leader.wake(asked.reason);
    if (asked.do !== "now") return view[asked.do](asked.id);
    try {
      if (remote) await leader.now();
    } catch (error) {
      throw mayLead() ? error : ledElsewhere(store);
    }
  }

  async function runRound(rounds: Rounds, reason: string): Promise<RoundResult> {
    note({ phase: "syncing" });
    const { active, later, retryAfterMs } = await rounds.run(wantsTail(reason, settings));
    refresh();
    const waiting = later ?? (maySend() ? null : unsolved);
    note({ phase: "idle", error: commits.trouble, syncedAt: platform.now(), waiting });
    return { active, pending: isOnItsWay(core.outbox), retryAfterMs };
  }

  function newRounds(to: RemoteStore): Rounds {
    return createRounds({
      store,
      remote: to,
      platform,
      settings,
      model: model as Model<unknown>,
      confirmed: confirmed as never,
      commits,
      outbox: () => core.outbox,
      async change(changed) {
        await change(changed);
        for (const { update, storedAt } of changed.outbox.updates)
          if (storedAt !== null) core.stored(update, storedAt);
      },
      newUpdateId: ids.newUpdateId,
      readsFirst: options.pushOnlyWhileValid,
      maySend,
      async settleByMarks(markOf) {
        const settled = together(settle(settleByMarks(core.outbox, markOf, tools)), confirmed.markSettled());
        show();
        await commits.commit(settled);
        refresh();
      },
      repaired: (at) => note({ divergence: { at, repairedAt: platform.now() } }),
      showTail(updates) {
        const known = new Set(core.tail.map(({ id }) => id));
        const isNew = updates.some(({ id }) => !known.has(id));
        core.setTail(updates);
        show();
        core.arrived(updates, "tail");
        const { position } = confirmed.layers;
        const last = updates.at(-1)?.timestamp ?? zeroTimestamp;
        changeSoon(markSeen(core.outbox, last > position ? last : position));
        return isNew;
      },
    });
  }

  function maySend(): boolean {
    return !options.pushOnlyWhileValid || problems().length === 0;
  }

  function wake(reason: string): void {
    if (following) ask({ do: "wake", reason });
    else leader.wake(reason);
  }

  /** Whether it could be asked for shows in what comes of it. */
  function ask(asked: Asked): true {
    void following?.ask(asked).catch(() => undefined);
    return true;
  }

  const leave = platform.presence?.listen(wake);

  function requireOpen(): void {
    if (closed) throw closedStore(store);
  }

  return {
    get layers() {
      return confirmed.layers;
    },
    listeners,
    loaded,
    app: () => core.outbox.me.app,
    problems,
    status: core.status,
    wake,
    dispatch({ name, data }) {
      requireOpen();
      const valid = validateAction(model as Model, name, data);
      if (!valid.ok) throw refused(name, valid.problems);
      const action = { id: ids.newActionId(), name, data: valid.data };
      const row = { action, modelVersion: model.version, held: false };
      const handle = core.make(row);
      leader.wakeSoon();
      return handle;
    },
    outbox: followedOutbox(view, (asked) => following !== null && !following.leads && ask(asked)),
    async syncNow() {
      requireOpen();
      await loaded;
      await (following ? following.ask({ do: "now" }) : doHere({ do: "now" }));
    },
    async at(time) {
      requireOpen();
      if (!remote) throw noHistory(store);
      return stateAt({ bucket: readOnly(remote), platform, settings }, { store, model, time });
    },
    async close() {
      if (closed) return;
      closed = true;
      leave?.();
      await leader.end();
      await loaded.catch(() => undefined);
      await following?.end();
      await commits.flush().catch(() => undefined);
      await rows?.close();
      note({ phase: "closed" });
    },
    async forget({ force = false } = {}) {
      await loaded.catch(() => undefined);
      const { pending: unsent } = core.status();
      if (unsent > 0 && !force) throw hasUnsent(store, unsent);
      await this.close();
      const again = await local.open(store);
      await again.clear();
      await again.close();
    },
  };
}
