/**
 * A store in one of several tabs (local/shared-rows.ts). While this tab follows, its outbox and its confirmed state are what the leader's
 * commits say; when it begins to lead it reads all rows first, so that it goes on from what is durable and from nothing else.
 *
 * Each change of leadership is a turn: what runs is ended, the rows are read, then this tab leads or follows. A turn that another change
 * has overtaken leaves everything to the next one. Nothing but new actions is written in between (commits.ts).
 */
import { StoreError } from "../shared/errors.ts";
import type { Json } from "../shared/json.ts";
import type { AppId } from "../shared/wire/ids.ts";
import type { StampedUpdate } from "../shared/wire/update.ts";
import { type Arrived, noneArrived } from "./arrived.ts";
import type { Commits } from "./commits.ts";
import type { Confirmed } from "./confirmed.ts";
import { ledElsewhere } from "./local/errors.ts";
import type { LocalRows, RowChanges, Rows } from "./local/local.ts";
import type { SharedRows } from "./local/shared-rows.ts";
import { idsOf, type Outbox } from "./outbox.ts";
import { followOutbox } from "./outbox-follow.ts";
import { inherited, outboxRows, readOutbox } from "./outbox-rows.ts";
import { noChanges, putting } from "./row-changes.ts";
import { type ActionRow, rowKeys } from "./rows.ts";
import { type Asked, encodeTold, readAsked, readTold, type Told } from "./tab-words.ts";

export interface FollowParts {
  /** The storage's name. */
  readonly local: string;
  readonly rows: LocalRows;
  readonly shared: SharedRows;
  readonly commits: Commits;
  readonly confirmed: Pick<Confirmed<unknown>, "restore" | "follow" | "allRows">;
  newAppId(): AppId;
  outbox(): Outbox;
  /** What other tabs have made of the outbox and the log; `made` are actions that this tab did not know. */
  take(outbox: Outbox, found: { readonly made: readonly ActionRow[]; readonly arrived: Arrived }): void;
  /** Ends what this tab does as the leader. */
  stop(): Promise<void>;
  lead(): void;
  told(words: Exclude<Told, { readonly is: "hello" }>): void;
  /** A tab began to follow. */
  greeted(): void;
  /** Does, as the leader, what was asked. */
  doHere(asked: Asked): Promise<void>;
  failed(error: unknown): void;
  /** Before a turn that could not read its rows is tried again. */
  pause(): Promise<void>;
}

export interface Following {
  readonly leads: boolean;
  /** To all other tabs. */
  tell(told: Told): void;
  /** Reads the rows and begins to lead or to follow. Throws what reading them throws. */
  begin(): Promise<void>;
  /** Does it here, or has the leader do it. */
  ask(asked: Asked): Promise<void>;
  /** Nothing is read or begun any more. */
  end(): Promise<void>;
}

/** Each time there was another leader before it had answered. */
const askTries = 10;

export function createFollowing(parts: FollowParts): Following {
  const { local, rows, shared, commits, confirmed } = parts;
  let leads = false;
  let ended = false;
  /** What others commit is taken, kept until the rows are read, or in them anyway. */
  let taking: "now" | "later" | "never" = "never";
  let kept: (RowChanges | "reload")[] = [];
  let turn = 0;
  let turns: Promise<void> = Promise.resolve();
  let reading = false;
  /** The rows could not be read: what other tabs say of theirs does not hold here. */
  let failing = false;
  /** Rows were read before: what is new since is told. */
  let began = false;

  function begin(): Promise<void> {
    commits.follow();
    leads = false;
    taking = "never";
    const mine = ++turn;
    const done = turns.then(() => takeTurn(mine));
    turns = done.catch(() => undefined);
    return done;
  }

  async function takeTurn(mine: number): Promise<void> {
    await parts.stop();
    const isOver = () => mine !== turn || ended;
    if (isOver()) return;
    const mayLead = shared.isLeader();
    const found = await read();
    if (isOver()) return;
    const left = mayLead && shared.isHeir() && !found.has(rowKeys.app) ? inheritance() : noChanges;
    takeAll(new Map([...found, ...left.put]));
    commits.open(rows);
    if (mayLead) {
      leads = true;
      commits.lead();
      void commits.commit(left).catch(() => undefined);
      parts.lead();
    } else tell({ is: "hello" });
  }

  /** What was never saved no other tab can have sent. */
  function inheritance(): RowChanges {
    const { waiting, ...rest } = parts.outbox();
    const saved = waiting.filter(({ action }) => !commits.unsaved.has(rowKeys.action(action.id)));
    const outbox = inherited({ ...rest, waiting: saved }, parts.newAppId());
    return putting([...outboxRows(outbox), ...confirmed.allRows()]);
  }

  /** Later turns: nobody waits for them. */
  async function beginAgain(): Promise<void> {
    try {
      await begin();
    } catch (error) {
      const mine = turn;
      fail(error);
      if (isFinal(error)) return;
      await parts.pause();
      if (mine === turn && !ended) await beginAgain();
    }
  }

  async function read(): Promise<Rows> {
    taking = "later";
    kept = [];
    return rows.load();
  }

  function takeAll(found: Rows): void {
    const arrived = confirmed.restore(local, found);
    const known = readOutbox(local, found, parts.outbox().me);
    failing = false;
    const held = new Set<string>(idsOf(known));
    const unsaved = followOutbox(local, { ...known, waiting: [] }, { put: commits.unsaved, delete: [] });
    const own = unsaved.waiting.filter(({ action }) => !held.has(action.id));
    const made = began ? missed(known, arrived.updates) : [];
    began = true;
    parts.take({ ...known, waiting: [...known.waiting, ...own] }, { made, arrived });
    goOn();
  }

  /** Actions of other tabs that went by unseen, however far they have come. */
  function missed(
    { me, updates, waiting }: Outbox,
    published: readonly StampedUpdate[],
  ): readonly ActionRow[] {
    const known = new Set<string>(idsOf(parts.outbox()));
    const own = [...published.filter(({ app }) => app === me.app), ...updates.map(({ update }) => update)];
    const sent = own.flatMap(({ actions, modelVersion }) =>
      actions.map((action): ActionRow => ({ action, modelVersion, held: false })),
    );
    return [...sent, ...waiting].filter(({ action }) => !known.has(action.id));
  }

  const tell = (told: Told): void => shared.tell(encodeTold(told));

  function fail(error: unknown): void {
    failing = true;
    parts.failed(error);
  }

  function goOn(): void {
    taking = "now";
    for (const changes of kept.splice(0)) changed(changes);
  }

  function changed(changes: RowChanges | "reload"): void {
    if (taking === "later") kept.push(changes);
    if (taking !== "now" || ended) return;
    if (changes === "reload") return void readAgain();
    try {
      const before = parts.outbox();
      const made = newActions(before, changes);
      const arrived = leads ? noneArrived : confirmed.follow(local, changes);
      if (arrived === null) return void readAgain();
      parts.take(followOutbox(local, before, changes), { made, arrived });
    } catch (error) {
      parts.failed(error);
    }
  }

  function newActions(before: Outbox, { put }: RowChanges): readonly ActionRow[] {
    if (![...put.keys()].some(isAction)) return [];
    const known = new Set<string>(idsOf(before));
    const { waiting } = followOutbox(local, { ...before, waiting: [] }, { put, delete: [] });
    return waiting.filter(({ action }) => !known.has(action.id));
  }

  /** Something was missed. */
  async function readAgain(): Promise<void> {
    if (reading) return;
    reading = true;
    const mine = turn;
    try {
      await turns;
      if (mine !== turn || ended) return;
      const found = await read();
      reading = false;
      if (mine !== turn || ended) return;
      const failed = failing;
      if (leads) takeMade(found);
      else takeAll(found);
      // What the leader said meanwhile was not heard.
      if (failed && !leads) tell({ is: "hello" });
      // What could not be saved meanwhile can be now.
      void commits.flush().catch(() => undefined);
    } catch (error) {
      // What was missed is asked for again.
      if (mine === turn && !isFinal(error)) goOn();
      fail(error);
    } finally {
      reading = false;
    }
  }

  /** All else is as this tab has it, which leads. */
  function takeMade(found: Rows): void {
    const put = new Map([...found].filter(([key]) => isAction(key) && !commits.isGoing(key)));
    const made = newActions(parts.outbox(), { put, delete: [] });
    const keys = new Set(made.map(({ action }) => rowKeys.action(action.id)));
    const fresh = new Map([...put].filter(([key]) => keys.has(key)));
    parts.take(followOutbox(local, parts.outbox(), { put: fresh, delete: [] }), {
      made,
      arrived: noneArrived,
    });
    goOn();
  }

  function told(words: Json): void {
    const said = readTold(words);
    if (said?.is === "hello") parts.greeted();
    else if (said !== null && !leads && !ended && !failing) parts.told(said);
  }

  async function askOnce(asked: Asked): Promise<void> {
    await turns;
    if (leads) return parts.doHere(asked);
    // What it speaks of is known to the leader by then.
    await commits.flush();
    if (!shared.isLeader()) await shared.ask({ ...asked });
    else throw ledElsewhere();
  }

  shared.listen({
    leads: () => void (ended || beginAgain()),
    changed,
    told,
    async asked(words) {
      await turns;
      const asked = readAsked(words);
      if (!leads) throw ledElsewhere();
      if (asked !== null) await parts.doHere(asked);
    },
  });
  return {
    get leads() {
      return leads;
    },
    tell,
    begin,
    async ask(asked) {
      for (let tries = 1; ; tries++)
        try {
          return await askOnce(asked);
        } catch (error) {
          const isOther = error instanceof StoreError && error.kind === "conflict";
          if (!isOther || tries === askTries || ended) throw error;
        }
    },
    async end() {
      ended = true;
      await turns;
    },
  };
}

function isAction(key: string): boolean {
  return key.startsWith(rowKeys.action(""));
}

/** Trying again would not help. Rows that are gone may be written anew by the tab that leads. */
function isFinal(error: unknown): boolean {
  return !(error instanceof StoreError) || !["unavailable", "closed"].includes(error.kind);
}
