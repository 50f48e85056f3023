/**
 * Hints over AWS AppSync Events: a WebSocket on which the service says that something may be new in a store, and nothing else.
 *
 * It trusts nothing that it hears. Whatever comes, it only wakes the poll, at most once a second; what is longer than a hint is not read.
 * A silent connection ends after the time that the service itself promised, and comes back by itself (hint-loop.ts).
 */
import { StoreError } from "../../shared/errors.ts";
import type { AbortSignalLike, Platform } from "../../shared/ports/platform.ts";
import { createSignal } from "../../shared/ports/signal.ts";
import { hintChannel } from "../../shared/wire/hint-channel.ts";
import type { StoreId } from "../../shared/wire/ids.ts";
import { createWebPlatform } from "../platform.ts";
import { keepListening } from "./hint-loop.ts";
import { parseAddress } from "./http-address.ts";
import { hintGapMs, hintLengthMax, hintSilenceMsMax, timeoutMsDefault } from "./http-limits.ts";
import { isToken } from "./http-request.ts";
import type { Remote } from "./remote.ts";
import { within } from "./within.ts";

export interface AppSyncHintsOptions {
  /** The HTTP endpoint, without a path: https://….appsync-api.eu-central-1.amazonaws.com */
  readonly url: string;
  /** The realtime endpoint, without a path: wss://….appsync-realtime-api.eu-central-1.amazonaws.com */
  readonly realtimeUrl: string;
  /** The same as the HTTP remote's; asked before each connection. */
  readonly token: () => string | Promise<string>;
  /** @default this engine's own, by createWebPlatform() */
  readonly platform?: Platform;
  /** @default the platform's own */
  readonly WebSocket?: WebSocketClass;
}

/** The part of WebSocket that is used. */
export interface WebSocketLike {
  onopen: (() => void) | null;
  onmessage: ((message: { readonly data: unknown }) => void) | null;
  onerror: (() => void) | null;
  onclose: (() => void) | null;
  send(text: string): void;
  close(): void;
}
export type WebSocketClass = new (url: string, protocols: string[]) => WebSocketLike;

/** Something that tells of news: wakes until the signal, and carries nothing. */
export type Hints = (store: StoreId, wake: (reason: string) => void, signal: AbortSignalLike) => void;

/**
 * A remote whose hints come over another channel than its own. Only the tab that leads listens.
 *
 * @example
 * const remote = withHints(httpRemote(url, { token }), appSyncHints({ url: hintsUrl, realtimeUrl, token }));
 */
export function withHints(remote: Remote, hints: Hints): Remote {
  return {
    ...remote,
    open: (store, app) => ({
      ...remote.open(store, app),
      live: (wake, signal) => hints(store, wake, signal),
    }),
  };
}

/**
 * Hints over AppSync Events, for withHints.
 *
 * @throws StoreError "rejected" for an address that is none or not safe, "incompatible" where there is no WebSocket.
 * @example
 * const hints = appSyncHints({ url: "https://x.appsync-api.eu-central-1.amazonaws.com", realtimeUrl, token });
 */
export function appSyncHints(options: AppSyncHintsOptions): Hints {
  const { token, platform = createWebPlatform() } = options;
  const WebSocket = options.WebSocket ?? (globalThis as { readonly WebSocket?: WebSocketClass }).WebSocket;
  if (WebSocket === undefined) throw noWebSocket();
  const host = parseAddress(options.url).replace(/^https?:\/\//, "");
  const realtime = parseAddress(options.realtimeUrl.replace(/^ws/i, "http")).replace(/^http/, "ws");

  return (store, wake, signal) =>
    keepListening({ platform, wake, signal }, async (wakeNow) => {
      const given = await token();
      if (!isToken(given)) throw new TypeError("the app's token is no token");
      // As a header: a browser lets no other one be set, and an address is written into logs.
      const authorization = { host, Authorization: given };
      const protocols = ["aws-appsync-event-ws", `header-${base64Url(JSON.stringify(authorization))}`];
      const socket = new WebSocket(`${realtime}/event/realtime`, protocols);
      const gate = createGate(platform, wakeNow);
      const subscribe = { type: "subscribe", id: store, channel: hintChannel(store), authorization };
      try {
        await hear({ socket, subscribe, platform, signal, onHint: gate.hint });
        return "some";
      } finally {
        gate.close();
        socket.close();
      }
    });
}

interface Hearing {
  readonly socket: WebSocketLike;
  readonly subscribe: { readonly id: string };
  readonly platform: Platform;
  readonly signal: AbortSignalLike;
  readonly onHint: () => void;
}

/** One connection, to its end. Rejects where it never came so far that hints were promised. */
async function hear({ socket, subscribe, platform, signal, onHint }: Hearing): Promise<void> {
  const inbox = createInbox();
  socket.onopen = () => inbox.put({ type: "open" });
  socket.onmessage = ({ data }) => inbox.put(parseWords(data));
  socket.onerror = socket.onclose = () => inbox.put({ type: "closed" });
  const end = () => inbox.put({ type: "closed" });
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  let silenceMs = timeoutMsDefault;
  let subscribed = false;
  try {
    for (;;) {
      const words = await within(inbox.take(), silenceMs, platform);
      if (words.type === "open") socket.send(JSON.stringify({ type: "connection_init" }));
      else if (words.type === "connection_ack") {
        silenceMs = silenceOf(words.connectionTimeoutMs);
        socket.send(JSON.stringify(subscribe));
      } else if (words.type === "closed" || /error/.test(String(words.type))) break;
      else if (words.id === subscribe.id) {
        // What came before, nobody was told of.
        if (words.type === "subscribe_success") subscribed = true;
        if (subscribed) onHint();
      }
    }
  } catch {
    // Silence is an end like others.
  } finally {
    signal.removeEventListener("abort", end);
  }
  if (!subscribed) throw new TypeError("no hints were promised");
}

type Words = Readonly<Record<string, unknown>>;

function parseWords(data: unknown): Words {
  try {
    if (typeof data === "string" && data.length <= hintLengthMax) return Object(JSON.parse(data)) as Words;
  } catch {
    // Nothing that the service says.
  }
  return {};
}

function silenceOf(ms: unknown): number {
  return typeof ms === "number" && ms > 0 ? Math.min(ms, hintSilenceMsMax) : hintSilenceMsMax;
}

/** One that waits, and what came meanwhile: the last of it is enough, since all of it means the same or ends it. */
function createInbox() {
  const waiting: Words[] = [];
  let wakeUp: () => void = () => undefined;
  return {
    put(words: Words): void {
      if (waiting.length < 16 || words.type === "closed") waiting.push(words);
      wakeUp();
    },
    async take(): Promise<Words> {
      if (waiting.length === 0)
        await new Promise<void>((resolve) => {
          wakeUp = resolve;
        });
      return waiting.shift() ?? {};
    },
  };
}

/** The first hint at once, those that follow within a while as one at its end. */
function createGate(platform: Platform, wake: (reason: string) => void) {
  const closing = createSignal();
  let resting = false;
  let due = false;

  function hint(): void {
    if (resting) {
      due = true;
      return;
    }
    resting = true;
    wake("hint");
    void platform.wait(hintGapMs, closing.signal).then(() => {
      resting = false;
      if (!due || closing.signal.aborted) return;
      due = false;
      hint();
    });
  }

  return { hint, close: closing.abort };
}

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Of ASCII, without padding: some engines have neither btoa nor Buffer. */
function base64Url(text: string): string {
  let coded = "";
  for (let i = 0; i < text.length; i += 3) {
    const bits =
      (text.charCodeAt(i) << 16) | ((text.charCodeAt(i + 1) || 0) << 8) | (text.charCodeAt(i + 2) || 0);
    for (let k = 0; k <= Math.min(3, text.length - i); k++)
      coded += digits.charAt((bits >> (18 - 6 * k)) & 63);
  }
  return coded;
}

function noWebSocket(): StoreError {
  return new StoreError({
    kind: "incompatible",
    what: "This platform has no WebSocket",
    fix: "Give one: appSyncHints({ url, realtimeUrl, token, WebSocket }); without hints, polls go on.",
  });
}
