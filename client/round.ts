/**
 * One round with the remote: send what waits, read what is published, settle by marks where a snapshot came, show the tail. Numbered as
 * in the protocol; each step is durable before the next one begins, so a round may end anywhere.
 */
import { createPoller } from "../shared/drive/poller.ts";
import { type Host, run } from "../shared/drive/run.ts";
import { AssertionError, StoreError } from "../shared/errors.ts";
import type { Held } from "../shared/log/held.ts";
import type { KnownHead } from "../shared/log/known-head.ts";
import { readMarks } from "../shared/log/marks-read.ts";
import { stuckReader } from "../shared/log/troubles.ts";
import type { Model } from "../shared/model/model.ts";
import type { Bucket } from "../shared/ports/bucket.ts";
import type { Platform } from "../shared/ports/platform.ts";
import type { Settings } from "../shared/settings.ts";
import type { AppId, StoreId, UpdateId } from "../shared/wire/ids.ts";
import { updateKey } from "../shared/wire/keys.ts";
import { type Mark, type Marks, markOf } from "../shared/wire/marks.ts";
import type { Timestamp } from "../shared/wire/time.ts";
import type { StampedUpdate } from "../shared/wire/update.ts";
import type { Commits } from "./commits.ts";
import type { Confirmed } from "./confirmed.ts";
import { createTurns, findDivergence, isOtherLog, readAfresh, requireNewer } from "./divergence.ts";
import {
  type Changed,
  isOnItsWay,
  markRejected,
  markStored,
  needsSettling,
  type Outbox,
  unsent,
} from "./outbox.ts";
import { group } from "./outbox-group.ts";
import type { RemoteStore } from "./remote/remote.ts";
import type { ClientSettings } from "./settings.ts";

/** What a round works on: the client's parts, as they are at each moment. */
export interface RoundParts {
  readonly store: StoreId;
  readonly remote: RemoteStore;
  readonly platform: Platform;
  readonly settings: Settings & Pick<ClientSettings, "divergenceCheckMs">;
  readonly model: Model<unknown>;
  readonly confirmed: Confirmed<unknown>;
  readonly commits: Commits;
  outbox(): Outbox;
  /** Takes the next outbox and makes its rows durable. */
  change(changed: Changed): Promise<void>;
  newUpdateId(): UpdateId;
  /** Nothing is sent before all that others have stored is shown: only then `maySend` knows. */
  readonly readsFirst: boolean;
  /** False while work must not be sent, say because the state has problems. */
  maySend(): boolean;
  settleByMarks(markOf: (app: AppId) => Mark): Promise<void>;
  /** What was confirmed at this position was not what the log gives, and was read afresh. */
  repaired(at: Timestamp): void;
  /** True where there is something in it that was not shown before. */
  showTail(updates: readonly StampedUpdate[]): boolean;
}

export interface RoundReport {
  /** Something new was sent or read. */
  readonly active: boolean;
  /** The store asked to wait so long before the next send. */
  readonly retryAfterMs: number | null;
  /** Why sending stopped, in words; null when everything went out. */
  readonly later: string | null;
}

export interface Rounds {
  /** `withTail`: show what is stored and not yet published, too. */
  run(withTail: boolean): Promise<RoundReport>;
}

const goesOnSending: readonly string[] = ["incompatible", "corrupt"];

/** Where the log keeps moving on, the next round shows it. */
const tailTries = 3;

export function createRounds(parts: RoundParts): Rounds {
  const { store, remote, platform, settings, confirmed } = parts;
  const host: Host = { bucket: readOnly(remote), platform, settings };
  const poller = createPoller(host, {
    store,
    modelVersion: parts.model.version,
    // The confirmed state may be another one after a reset, its replica is not.
    replica: confirmed.replica,
  });
  const checks = createTurns(platform, settings.divergenceCheckMs);
  /** The log may be what is damaged: then a repair fails, and is not tried with each poll. */
  const repairs = createTurns(platform, settings.divergenceCheckMs);
  /** The remote answered in the last round. */
  let reached = false;
  let seen: Readonly<Record<string, StampedUpdate>> = {};
  /** What was sent or shown and is not published yet: a segment of nothing else need not be read. */
  const inHand = new Map<string, StampedUpdate>();

  function hold(updates: readonly StampedUpdate[]): void {
    const { position } = confirmed.layers;
    for (const update of updates) inHand.set(updateKey({ store, ...update }), update);
    for (const [key, { timestamp }] of inHand) if (timestamp <= position) inHand.delete(key);
  }

  /** Goes on where the rows stand: those of an earlier run, or of a commit that failed and is made by now. */
  function catchUp(): void {
    const { place, readBy } = confirmed;
    const { held } = poller;
    if (!place || (held?.position === place.position && held.known.head.epoch === place.epoch)) return;
    const { position, hash } = place;
    poller.held =
      readBy?.head.epoch === place.epoch ? { known: { ...readBy }, position, hash, marks: null } : null;
  }

  /** The store asked not to be sent to before that time, by this machine's clock. */
  let asked: { readonly until: number; readonly ms: number; readonly reason: string } | null = null;

  /** What is left of what it asked for; more than that means that the clock was set back. */
  function askedToWait(): Pick<RoundReport, "later" | "retryAfterMs"> | null {
    const leftMs = asked ? asked.until - platform.now() : 0;
    return asked && leftMs > 0 && leftMs <= asked.ms ? { later: asked.reason, retryAfterMs: leftMs } : null;
  }

  /** What waits when it begins; what is made meanwhile goes out with the next round, together. */
  async function sendAll(
    withTail: boolean,
  ): Promise<Pick<RoundReport, "later" | "retryAfterMs"> & { known: KnownHead | null; sent: number }> {
    const waits = askedToWait();
    if (waits) return { ...waits, known: null, sent: 0 };
    asked = null;
    let known: KnownHead | null = null;
    let left = parts.outbox().waiting.filter(({ held }) => !held).length;
    const next = async () => {
      const row = left > 0 || needsSettling(parts.outbox()) ? await groupNext() : undefined;
      left -= row?.update.actions.length ?? 0;
      return row;
    };
    for (let sent = 0; ; sent++) {
      const row = parts.maySend() ? (unsent(parts.outbox()) ?? (await next())) : undefined;
      if (!row) return { later: null, retryAfterMs: null, known, sent };
      const outcome = await remote.send(row.update);
      if (outcome.is === "later") {
        const { reason, retryAfterMs } = outcome;
        asked = { until: platform.now() + retryAfterMs, ms: retryAfterMs, reason };
        return { later: reason, retryAfterMs, known, sent };
      }
      if (outcome.is === "rejected") await parts.change(markRejected(parts.outbox(), row, outcome.reason));
      else {
        known = outcome.known ?? known;
        const { timestamp } = outcome;
        const update = { ...row.update, timestamp };
        hold([update]);
        // The tail need not bring back what was just sent.
        if (withTail) seen = { ...seen, [updateKey({ store, ...update })]: update };
        await parts.change(markStored(parts.outbox(), row, timestamp));
      }
    }
  }

  /** Durable before it is sent: only then is its seq spent. */
  async function groupNext() {
    const grouped = group(parts.outbox(), {
      id: parts.newUpdateId(),
      modelVersion: parts.model.version,
      settings,
      shown: confirmed.layers.position,
    });
    if (!grouped) return undefined;
    await parts.change(grouped);
    return grouped.row;
  }

  async function readOn(given: KnownHead | null): Promise<number> {
    const poll = (head: KnownHead | null) => poller.poll({ given: head, seen: [...inHand.values()] });
    try {
      let outcome = await poll(given && isNewer(given, poller.held) ? given : null);
      if (outcome.is === "read" && outcome.stale)
        outcome = await poll(await requireNewer(host, store, outcome.held));
      if (outcome.is === "stuck") throw new StoreError(stuckReader(store));
      await parts.commits.commit(confirmed.meet(outcome.held.known));
      return outcome.updates;
    } catch (error) {
      if (!isOtherLog(error, store, poller.held) || !repairs.isDue()) throw error;
      await repair();
      return 1;
    }
  }

  async function repair(): Promise<void> {
    const at = confirmed.layers.position;
    try {
      poller.held = await readAfresh(host, parts);
    } catch (error) {
      if (error instanceof StoreError && error.kind === "unavailable")
        for (const turns of [checks, repairs]) turns.giveBack();
      throw error;
    }
    seen = {};
    inHand.clear();
    parts.repaired(at);
  }

  /** A log that cannot be read on, by this model version or because something in it is damaged, takes updates all the same. */
  async function lookFirst(): Promise<number | null> {
    try {
      const updates = await readOn(null);
      // What a snapshot brought back need not be sent again, nor shown twice.
      await settle();
      return updates;
    } catch (error) {
      if (error instanceof StoreError && goesOnSending.includes(error.kind)) return null;
      throw error;
    }
  }

  /** After a snapshot only the marks tell what became of what was sent; once known they go on with the log. */
  async function settle(): Promise<void> {
    const { held } = poller;
    if (!held || !isAtHead(held) || parts.outbox().updates.length === 0) return;
    if (held.marks === null) {
      const { known, position } = held;
      const outcome = await run(readMarks, { store, head: known.head, warm: null, through: position }, host);
      if (outcome.is === "moved") return;
      poller.held = { ...held, marks: outcome.marks };
      await settleBy(outcome.marks);
    } else if (confirmed.place?.settled === false) await settleBy(held.marks);
  }

  const settleBy = (marks: Marks) => parts.settleByMarks((app) => markOf(marks, app));

  /** True where it had something new. */
  async function showTail(): Promise<boolean> {
    for (let tries = 0; tries < tailTries; tries++) {
      const { held } = poller;
      if (!held || !isAtHead(held)) return false;
      const outcome = await remote.tail({ known: held.known, marks: held.marks, seen });
      if (outcome.is === "tail") {
        seen = outcome.seen;
        hold(outcome.updates);
        poller.held = { ...held, known: outcome.known, marks: outcome.marks ?? held.marks };
        return parts.showTail(outcome.updates);
      }
      await readOn(null);
      await settle();
    }
    return true;
  }

  return {
    async run(withTail) {
      // 1. What memory says is durable first.
      await parts.commits.flush();
      catchUp();
      const before = poller.held;
      // 2. Send; after an outage only once somebody answers, so that all that was made meanwhile goes out together.
      const looksFirst = !reached || parts.readsFirst;
      reached = false;
      const found = looksFirst ? await lookFirst() : null;
      if (parts.readsFirst && isOnItsWay(parts.outbox())) await showTail();
      const { later, retryAfterMs, known, sent } = await sendAll(withTail);
      // 3. Read.
      const updates = found !== null && sent === 0 ? 0 : await readOn(known);
      // 4. Settle.
      await settle();
      // 5. Show what is stored and not yet published.
      const shown = withTail && (await showTail());
      reached = true;
      // 6. Look whether the state is right; what was shown on top of a wrong one is shown again.
      if (findDivergence(confirmed, parts.model.version, checks) !== null) {
        await repair();
        await settle();
        await showTail();
      }
      const active =
        shown || (found ?? 0) + sent + updates > 0 || before?.known.head.rev !== poller.held?.known.head.rev;
      return { active, later, retryAfterMs };
    },
  };
}

/** False where an older head came after a read that ended half-way: nothing may be said of the head's end then. */
function isAtHead({ position, known }: Held): boolean {
  return position === known.head.publishedThrough;
}

function isNewer({ head }: KnownHead, held: Held | null): boolean {
  return held === null || head.epoch !== held.known.head.epoch || head.rev >= held.known.head.rev;
}

/** The programs that read ask for nothing else. */
export function readOnly({ get }: RemoteStore): Bucket {
  const refuse = async (): Promise<never> => {
    throw new AssertionError("a client's reader only reads");
  };
  return { name: "remote", get, putIfAbsent: refuse, putIfMatch: refuse, list: refuse, delete: refuse };
}
