/**
 * Who leads among the tabs of one database: who holds the Web Lock of its name. The browser hands it on when a tab ends, however it
 * ends. A tab that is frozen keeps it and does nothing, so followers ask now and then whether somebody leads, and take it by force where
 * nobody answers. Answering needs no timer, which browsers slow down in hidden tabs; and silence is counted in questions, not by a
 * clock, so that a tab that slept itself does not take its own sleep for the leader's.
 *
 * The lock decides who should lead, the term in the database who may write: two that both believe to lead do no harm.
 */
import type { Platform } from "../../shared/ports/platform.ts";

export interface Leadership {
  /** The term in which this tab leads; null while another one does. */
  readonly term: number | null;
  /** A sign of life of the leader. */
  heard(): void;
  /** Somebody else's term has begun. */
  lost(): void;
  /** Resolves when another tab can lead. Never fails. */
  close(): Promise<void>;
}

export interface LeadershipOptions {
  readonly locks: LockManager;
  readonly name: string;
  readonly platform: Platform;
  /** Begins a term of this tab in the database. */
  readonly begin: () => Promise<number>;
  readonly onChange: (term: number | null) => void;
  /** Asks whether somebody leads. */
  readonly ping: () => void;
}

/** A question every two seconds costs nothing to speak of. */
const pingMs = 2_000;
/** Some ten seconds without any answer: no tab that runs is busy for so long. */
const silentPings = 5;
/** The database may not be there for a moment. */
const againMs = 1_000;

/** Resolves when it is clear whether this tab leads. Throws what `begin` throws then. */
export async function takePart(options: LeadershipOptions): Promise<Leadership> {
  const { locks, name, platform, begin, onChange, ping } = options;
  let term: number | null = null;
  let closed = false;
  let alive = false;
  /** Gives the lock back, while it is held. */
  let release: (() => void) | null = null;
  /** The request that waits in line, at most one. */
  let inLine: { readonly waiting: AbortController } | null = null;
  const requests = new Set<Promise<void>>();
  const stopped = new AbortController();

  function change(next: number | null): void {
    if (term === next) return;
    term = next;
    onChange(term);
  }

  /** While the lock is held. */
  async function lead(onBegun: () => void = () => undefined): Promise<void> {
    const held = new Promise<void>((end) => {
      release = end;
    });
    const mine = release;
    try {
      if (closed) return;
      const began = await begin();
      // It may have been taken by force meanwhile.
      if (release === mine && !closed) change(began);
      onBegun();
      await held;
    } finally {
      if (release === mine) {
        release = null;
        change(null);
      }
    }
  }

  function giveUp(): void {
    release?.();
    release = null;
    change(null);
  }

  function waitInLine(): void {
    if (closed || inLine !== null) return;
    const waiting = new AbortController();
    inLine = { waiting };
    const ended = locks.request(name, { signal: waiting.signal }, () => {
      inLine = null;
      return lead();
    });
    keep(goOn(ended, waiting));
  }

  function keep(request: Promise<void>): void {
    requests.add(request);
    void request.finally(() => requests.delete(request));
  }

  /** Whatever ended it, this tab gets in line again, unless it meant to leave it. */
  async function goOn(ended: Promise<unknown>, waiting?: AbortController): Promise<void> {
    try {
      await ended;
    } catch {
      if (waiting?.signal.aborted) return;
      giveUp();
      await platform.wait(againMs, stopped.signal);
    }
    if (waiting !== undefined && inLine?.waiting === waiting) inLine = null;
    if (release === null) waitInLine();
  }

  function steal(): void {
    inLine?.waiting.abort();
    inLine = null;
    keep(goOn(locks.request(name, { steal: true }, () => lead())));
  }

  async function watch(): Promise<void> {
    let silent = 0;
    while (!closed) {
      await platform.wait(pingMs * (0.75 + platform.random() / 2), stopped.signal);
      silent = alive || term !== null || release !== null ? 0 : silent + 1;
      alive = false;
      if (closed || term !== null) continue;
      if (silent <= silentPings) ping();
      else {
        silent = 0;
        steal();
      }
    }
  }

  async function close(): Promise<void> {
    closed = true;
    stopped.abort();
    inLine?.waiting.abort();
    giveUp();
    await Promise.all(requests);
  }

  await new Promise<void>((resolve, reject) => {
    const first = locks.request(name, { ifAvailable: true }, async (lock) => {
      if (lock === null) return resolve();
      await lead(resolve);
    });
    // Once it is clear who leads this changes nothing.
    first.catch(reject);
    keep(goOn(first));
  }).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  void watch();
  return {
    get term() {
      return term;
    },
    heard() {
      alive = true;
    },
    lost: giveUp,
    close,
  };
}
