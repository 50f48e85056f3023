/**
 * Wraps a client's remote and lets the network between them go wrong, for tests of apps: it goes away and comes back, requests and answers
 * get lost, late or doubled, and the store answers what no client likes to hear. All chances are 0 unless given; a test can also ask for
 * one fault exactly. Owns the sends that are still under way.
 *
 * Nothing it does is beyond what a real network does, so a client must lose and double nothing, whatever the seed.
 */
import type { Remote, RemoteStore, SendOutcome } from "../client/remote/remote.ts";
import { assert, StoreError } from "../shared/errors.ts";
import type { Platform } from "../shared/ports/platform.ts";
import type { Update } from "../shared/wire/update.ts";
import { type Asked, type Chances, createFaultPlan, drawMs } from "./fault-plan.ts";
import { createHeldSends } from "./held-sends.ts";

/** The three requests of the Remote port. */
export type RemoteCall = "get" | "tail" | "send";

export type RemoteFault =
  /** It never arrives: StoreError "unavailable". */
  | "requestLost"
  /** It arrives and is answered, and the client never hears: StoreError "unavailable"; the store has what was sent. */
  | "answerLost"
  /** Its answer takes `lateMs`. */
  | "answerLate"
  /** The answer is a StoreError of this kind; nothing is stored. */
  | "unavailable"
  | "unauthorized"
  | "limit"
  /** Of a send: it arrives twice, as after a retry on the way; the second answer comes back. */
  | "sentTwice"
  /** Of a send: the client hears "unavailable", and it arrives some requests later, or in `landHeld`. */
  | "sentLate"
  /** Of a send: the store asks to wait; nothing is stored. */
  | "later"
  /** Of a send: refused for good; nothing is stored. */
  | "rejected";

/** Chances from 0 to 1, together at most 1. Those of sends alone leave gets and tails as they are. */
export type RemoteFaultChances = Chances<RemoteFault>;

/** How one fault is to be. */
export interface RemoteFaultDetails {
  /** Only this request meets it. @default the next one that can */
  readonly of?: RemoteCall;
  /** Of "answerLate". @default the option `lateMs` */
  readonly lateMs?: number;
  /** Of "later". @default the option `retryAfterMs` */
  readonly retryAfterMs?: number;
}

/** What became of one request. */
export interface RemoteRequest {
  readonly call: RemoteCall;
  /** The update of a send. */
  readonly update: Update | null;
  /** The object of a get. */
  readonly key: string | null;
  /** The etag by which a get asks only for what is new. */
  readonly ifNoneMatch: string | null;
  /** What meets it; "down" while the network is away. */
  readonly fate: RemoteFault | "down" | null;
}

export interface FaultyRemoteOptions {
  /** Uniform in [0, 1), from a seed. */
  readonly random: () => number;
  /** Waits for late answers; "answerLate" needs it. */
  readonly platform?: Pick<Platform, "wait">;
  readonly chances?: RemoteFaultChances;
  /** The least and the most that a late answer takes. @default [1_000, 10_000] */
  readonly lateMs?: readonly [number, number];
  /** What "later" asks for. @default 5_000 */
  readonly retryAfterMs?: number;
  /** A late send arrives at most this many requests later. @default 20 */
  readonly lateCallsMax?: number;
  /** The network is away from the start. @default false */
  readonly down?: boolean;
  /** Told of each request when it is made. */
  readonly onRequest?: (request: RemoteRequest) => void;
}

export interface RemoteCounts {
  /** Requests that the client made, by kind. */
  readonly get: number;
  readonly tail: number;
  readonly send: number;
  /** Those of them that were made while the network was away. */
  readonly down: number;
  /** Those that met a fault, by fault. */
  readonly faults: Readonly<Record<RemoteFault, number>>;
}

export interface FaultyRemote extends Remote {
  /** Takes the network away, answers and hints under way included, or gives it back. Nobody is told: wake the client, as an app does on "online". */
  setDown(down: boolean): void;
  readonly down: boolean;
  /** The next request that can meet this fault meets it; asked for several times, the ones after it too. */
  once(fault: RemoteFault, details?: RemoteFaultDetails): void;
  /** Replaces the given chances from now on, e.g. all by 0 to let everything recover. */
  setChances(chances: RemoteFaultChances): void;
  /** Lets every late send arrive now, in random order. */
  landHeld(): Promise<void>;
  /** Late sends that have not arrived yet. */
  heldCount(): number;
  /** What was done since the start; a copy. */
  counts(): RemoteCounts;
}

const faultsOfAll = [
  "requestLost",
  "answerLost",
  "answerLate",
  "unavailable",
  "unauthorized",
  "limit",
] as const;
const faultsOfSends = [...faultsOfAll, "sentTwice", "sentLate", "later", "rejected"] as const;
const lateMsDefault = [1_000, 10_000] as const;
const retryAfterMsDefault = 5_000;
const lateCallsDefault = 20;

/**
 * A remote behind a network that goes wrong.
 *
 * @example
 * const clock = createVirtualClock();
 * const { platform } = clock;
 * const remote = createFaultyRemote(bucketRemote(bucket, platform), { platform, random: platform.random });
 * const store = openStore({ model, storeId: "family", remote, platform });
 * remote.once("answerLost", { of: "send" });
 * const { stored } = store.do.addTodo({ id: "t1", title: "Milk" });
 * await clock.advance(10_000);
 * await stored; // it was sent again, and the store took it once
 */
export function createFaultyRemote(inner: Remote, options: FaultyRemoteOptions): FaultyRemote {
  const { random, platform, lateMs = lateMsDefault, retryAfterMs = retryAfterMsDefault, onRequest } = options;
  const plan = createFaultPlan<RemoteFault, RemoteFaultDetails>(faultsOfSends, {
    random,
    chances: options.chances,
    details: {},
  });
  const held = createHeldSends(random, options.lateCallsMax ?? lateCallsDefault);
  const calls = { get: 0, tail: 0, send: 0, down: 0 };
  let down = options.down ?? false;

  /** Counts and tells; throws while nobody can be reached. */
  async function meet(
    request: Omit<RemoteRequest, "fate">,
  ): Promise<Asked<RemoteFault, RemoteFaultDetails> | null> {
    const { call } = request;
    calls[call] += 1;
    if (down) {
      calls.down += 1;
      onRequest?.({ ...request, fate: "down" });
      throw unreachable(inner.name);
    }
    const possible = call === "send" ? faultsOfSends : faultsOfAll;
    const met = plan.next(possible, ({ of = call }) => of === call);
    onRequest?.({ ...request, fate: met?.fault ?? null });
    await held.passCall();
    return met;
  }

  /** The faults that every request can meet. */
  async function pass<T>(
    met: Asked<RemoteFault, RemoteFaultDetails> | null,
    perform: () => Promise<T>,
  ): Promise<T> {
    const fault = met?.fault;
    if (fault === "requestLost") throw unreachable(inner.name);
    if (fault === "unavailable" || fault === "unauthorized" || fault === "limit")
      throw refusal(fault, inner.name);
    const answer = await perform();
    if (met && fault === "answerLate") {
      assert(platform, "late answers need the option `platform`");
      await platform.wait(met.details.lateMs ?? drawMs(lateMs, random));
    }
    if (fault === "answerLost" || down) throw unreachable(inner.name);
    return answer;
  }

  async function send(to: RemoteStore, update: Update): Promise<SendOutcome> {
    const met = await meet({ ...noRequest, call: "send", update });
    const perform = () => to.send(update);
    switch (met?.fault) {
      case "sentLate":
        held.hold(perform);
        throw unreachable(inner.name);
      case "later":
        return later(met.details.retryAfterMs ?? retryAfterMs);
      case "rejected":
        return { is: "rejected", reason: "the faulty remote takes no such update" };
      case "sentTwice":
        // What became of the first one nobody hears.
        await perform().catch(() => undefined);
        return pass(met, perform);
      default:
        return pass(met, perform);
    }
  }

  return {
    name: inner.name,
    open(store, app) {
      const to = inner.open(store, app);
      const { live } = to;
      return {
        async get(key, getOptions) {
          const ifNoneMatch = getOptions?.ifNoneMatch ?? null;
          return pass(await meet({ ...noRequest, call: "get", key, ifNoneMatch }), () =>
            to.get(key, getOptions),
          );
        },
        tail: async (input) => pass(await meet({ ...noRequest, call: "tail" }), () => to.tail(input)),
        send: (update) => send(to, update),
        clockOffsetMs: to.clockOffsetMs,
        ...(live && {
          live: (wake, signal) => live((reason) => (down ? undefined : wake(reason)), signal),
        }),
      };
    },
    setDown(next) {
      down = next;
    },
    get down() {
      return down;
    },
    once: (fault, details = {}) => plan.ask({ fault, details }),
    setChances: plan.setChances,
    landHeld: held.landAll,
    heldCount: held.count,
    counts: () => ({ ...calls, faults: plan.counts() }),
  };
}

const noRequest = { update: null, key: null, ifNoneMatch: null } as const;

function later(retryAfterMs: number): SendOutcome {
  return { is: "later", reason: "the faulty remote asks to wait", retryAfterMs };
}

/** Whether it was done nobody can tell. */
function unreachable(name: string): StoreError {
  return new StoreError({
    kind: "unavailable",
    what: `The faulty network gave no answer of ${name}`,
    fix: "It is tried again.",
  });
}

const fixes = {
  unavailable: "It is tried again.",
  unauthorized: "Sign in again; what is unsent is kept.",
  limit: "Make it smaller.",
} as const;

function refusal(kind: keyof typeof fixes, name: string): StoreError {
  return new StoreError({ kind, what: `The faulty remote answered "${kind}" for ${name}`, fix: fixes[kind] });
}
