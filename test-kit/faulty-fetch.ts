/**
 * Wraps the fetch that an HTTP remote is given and lets what lies between app and server go wrong, for tests of apps: no network, lost and
 * cut answers, pages of gateways and sign-ins, refusals, slowness. All chances are 0 unless given; a test can also ask for one exactly.
 *
 * An answer that goes on and on (live hints) is neither cut nor waited for: it only never begins.
 */
import type { Fetched, FetchInit, FetchLike } from "../client/remote/fetch-like.ts";
import { assert } from "../shared/errors.ts";
import type { Platform } from "../shared/ports/platform.ts";
import { type Asked, type Chances, createFaultPlan, drawMs } from "./fault-plan.ts";
import { cutInHalf, gatewayPage, refusalAnswer, signInPage } from "./faulty-fetch-answers.ts";

export type FetchFault =
  /** It never arrives: fetch throws. */
  | "requestLost"
  /** The server takes it, and fetch throws. */
  | "answerLost"
  /** The server takes it, and half of the answer's body comes, without any sign that it was cut. */
  | "bodyCut"
  /** It never arrives: a network that asks to sign in answers 200 with a web page. */
  | "signInPage"
  /** The server takes it, and a gateway answers 502 with a web page in its place. */
  | "gatewayPage"
  /** It never arrives: somebody answers with this status, and with JSON that is not icecore's. "status429" says Retry-After. */
  | "status500"
  | "status429"
  | "status413"
  | "status401"
  /** The server takes it; the answer begins after `slowMs`. */
  | "slow";

/** Chances from 0 to 1, together at most 1. */
export type FetchFaultChances = Chances<FetchFault>;

/** How one fault is to be. */
export interface FetchFaultDetails {
  /** Only a request with this method meets it. @default the next one */
  readonly method?: FetchInit["method"];
  /** Of "slow". @default the option `slowMs` */
  readonly slowMs?: number;
  /** Of "status429". @default the option `retryAfterSeconds` */
  readonly retryAfterSeconds?: number;
}

/** What became of one request; neither its headers nor its body. */
export interface FetchRequest {
  readonly method: FetchInit["method"];
  readonly url: string;
  /** What meets it; "down" while the network is away. */
  readonly fate: FetchFault | "down" | null;
}

export interface FaultyFetchOptions {
  /** Uniform in [0, 1), from a seed. */
  readonly random: () => number;
  /** Waits for slow answers; "slow" needs it. */
  readonly platform?: Pick<Platform, "wait">;
  readonly chances?: FetchFaultChances;
  /** The least and the most that a slow answer takes. @default [1_000, 10_000] */
  readonly slowMs?: readonly [number, number];
  /** What "status429" asks for. @default 5 */
  readonly retryAfterSeconds?: number;
  /** The network is away from the start. @default false */
  readonly down?: boolean;
  /** Told of each request when it is made. */
  readonly onRequest?: (request: FetchRequest) => void;
}

export interface FetchCounts {
  /** Requests that the client made. */
  readonly requests: number;
  /** Those of them that were made while the network was away. */
  readonly down: number;
  /** Those that met a fault, by fault. */
  readonly faults: Readonly<Record<FetchFault, number>>;
}

export interface FaultyFetch {
  /** Give it to `httpRemote`. */
  readonly fetch: FetchLike;
  /** Takes the network away, answers under way included, or gives it back. */
  setDown(down: boolean): void;
  readonly down: boolean;
  /** The next request meets this fault; asked for several times, the ones after it too. */
  once(fault: FetchFault, details?: FetchFaultDetails): void;
  /** Replaces the given chances from now on, e.g. all by 0 to let everything recover. */
  setChances(chances: FetchFaultChances): void;
  /** What was done since the start; a copy. */
  counts(): FetchCounts;
}

const faults = [
  "requestLost",
  "answerLost",
  "bodyCut",
  "signInPage",
  "gatewayPage",
  "status500",
  "status429",
  "status413",
  "status401",
  "slow",
] as const;
const slowMsDefault = [1_000, 10_000] as const;
const retryAfterSecondsDefault = 5;

/**
 * A fetch over a network that goes wrong.
 *
 * @example
 * const faulty = createFaultyFetch(fetch, { random: Math.random, chances: { answerLost: 0.1, gatewayPage: 0.1 } });
 * const remote = httpRemote("https://notes.example.org", { platform, fetch: faulty.fetch });
 */
export function createFaultyFetch(inner: FetchLike, options: FaultyFetchOptions): FaultyFetch {
  const { random, platform, slowMs = slowMsDefault, onRequest } = options;
  const { retryAfterSeconds = retryAfterSecondsDefault } = options;
  const plan = createFaultPlan<FetchFault, FetchFaultDetails>(faults, {
    random,
    chances: options.chances,
    details: {},
  });
  const calls = { requests: 0, down: 0 };
  let down = options.down ?? false;

  /** Of faults where the server never hears of the request. */
  function answerInstead(met: Asked<FetchFault, FetchFaultDetails> | null): Fetched | null {
    switch (met?.fault) {
      case "requestLost":
        throw noConnection();
      case "signInPage":
        return signInPage();
      case "status500":
        return refusalAnswer(500);
      case "status429":
        return refusalAnswer(429, met.details.retryAfterSeconds ?? retryAfterSeconds);
      case "status413":
        return refusalAnswer(413);
      case "status401":
        return refusalAnswer(401);
      default:
        return null;
    }
  }

  async function fetch(url: string, init: FetchInit): Promise<Fetched> {
    const { method } = init;
    calls.requests += 1;
    if (down) {
      calls.down += 1;
      onRequest?.({ method, url, fate: "down" });
      throw noConnection();
    }
    const met = plan.next(faults, (details) => (details.method ?? method) === method);
    onRequest?.({ method, url, fate: met?.fault ?? null });
    const instead = answerInstead(met);
    if (instead) return instead;
    const fetched = await inner(url, init);
    if (met?.fault === "slow") {
      assert(platform, "slow answers need the option `platform`");
      await platform.wait(met.details.slowMs ?? drawMs(slowMs, random), init.signal);
    }
    if (met?.fault === "answerLost" || down || init.signal?.aborted) throw noConnection();
    if (met?.fault === "gatewayPage") return gatewayPage();
    return met?.fault === "bodyCut" && !goesOn(fetched) ? cutInHalf(fetched) : fetched;
  }

  return {
    fetch,
    setDown(next) {
      down = next;
    },
    get down() {
      return down;
    },
    once: (fault, details = {}) => plan.ask({ fault, details }),
    setChances: plan.setChances,
    counts: () => ({ ...calls, faults: plan.counts() }),
  };
}

function goesOn({ headers }: Fetched): boolean {
  return /^text\/event-stream\b/i.test(headers.get("content-type") ?? "");
}

/** As Node's fetch fails. */
function noConnection(): Error {
  return new TypeError("fetch failed", {
    cause: Object.assign(new Error("the faulty network has no connection"), { code: "ENETDOWN" }),
  });
}
