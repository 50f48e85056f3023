/**
 * The platform of browsers, and of bare JavaScript engines such as React Native's. It needs timers and `crypto.getRandomValues`; text
 * encoding is its own where the engine has none. Gzip needs the engine's Compression Streams: without them an error says so, and only
 * direct mode, or a server that sends gzip without saying so, ever asks.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { StoreError } from "../shared/errors.ts";
import type { AbortSignalLike, Platform } from "../shared/ports/platform.ts";
import { type ClientPlatform, type PageEngine, presenceOf } from "./presence.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

/** What a browser or bare engine offers under these names. */
export interface WebEngine extends PageEngine {
  readonly crypto?: { getRandomValues(bytes: Uint8Array): unknown };
  readonly setTimeout: (ring: () => void, ms: number) => unknown;
  readonly clearTimeout: (timer: never) => void;
  readonly TextEncoder?: new () => { encode(text: string): Uint8Array };
  readonly TextDecoder?: new (
    label: string,
    options: { readonly fatal: boolean; readonly ignoreBOM: boolean },
  ) => { decode(bytes: Uint8Array): string };
  readonly CompressionStream?: new (format: "gzip") => ByteStream;
  readonly DecompressionStream?: new (format: "gzip") => ByteStream;
}

interface ByteStream {
  readonly writable: {
    getWriter(): { write(bytes: Uint8Array): Promise<void>; close(): Promise<void> };
  };
  readonly readable: {
    getReader(): {
      read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
      cancel(reason?: unknown): Promise<void>;
    };
  };
}

/** Crockford's alphabet: no letter that reads as a digit. */
const letters = "0123456789abcdefghjkmnpqrstvwxyz";
const nonceLetters = 16;
/** setTimeout fires at once above it. */
const waitMsMax = 2 ** 31 - 1;

/**
 * The clock, randomness and timers of this browser or engine.
 *
 * @param engine where it finds them; give another one to hand in what an engine lacks
 * @throws StoreError "incompatible" where there is no secure randomness or no timer
 * @example
 * const store = openStore({ model, storeId: "family", remote, platform: createWebPlatform() });
 */
export function createWebPlatform(engine: WebEngine = globalThis as unknown as WebEngine): ClientPlatform {
  const { crypto, setTimeout, clearTimeout } = engine;
  if (typeof crypto?.getRandomValues !== "function")
    throw missing(
      "crypto.getRandomValues",
      'Add it before icecore starts: in React Native import "react-native-get-random-values" first.',
    );
  if (typeof setTimeout !== "function" || typeof clearTimeout !== "function")
    throw missing("setTimeout", "Add setTimeout and clearTimeout before icecore starts.");
  const { encodeText, decodeText } = textPartsOf(engine);
  const presence = presenceOf(engine);
  return {
    ...(presence ? { presence } : {}),
    sha256: (text) => hexOf(sha256(encodeText(text))),
    now: Date.now,
    newNonce: () => newNonce((bytes) => crypto.getRandomValues(bytes)),
    random: Math.random,
    wait: (ms, signal) => wait({ setTimeout, clearTimeout }, ms, signal),
    encodeText,
    decodeText,
    async gzip(bytes) {
      const { CompressionStream } = engine;
      if (CompressionStream === undefined) throw missing("CompressionStream", streamsFix);
      return pass(new CompressionStream("gzip"), bytes, Number.POSITIVE_INFINITY);
    },
    async gunzip(bytes, bytesMax) {
      const { DecompressionStream } = engine;
      if (DecompressionStream === undefined) throw missing("DecompressionStream", streamsFix);
      return pass(new DecompressionStream("gzip"), bytes, bytesMax);
    },
  };
}

function textPartsOf({ TextEncoder, TextDecoder }: WebEngine): Pick<Platform, "encodeText" | "decodeText"> {
  const encoder = TextEncoder && new TextEncoder();
  const decoder = TextDecoder && new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return {
    encodeText: encoder ? (text) => encoder.encode(text) : encodeUtf8,
    decodeText: decoder ? (bytes) => decoder.decode(bytes) : decodeUtf8,
  };
}

/** Five bits of a byte a letter: 80 in all. */
function newNonce(fill: (bytes: Uint8Array) => unknown): string {
  const bytes = new Uint8Array(nonceLetters);
  fill(bytes);
  return Array.from(bytes, (byte) => letters.charAt(byte & 31)).join("");
}

/** Resolves after `ms`, or at once when `signal` is aborted: waiting is never what fails. */
function wait(
  { setTimeout, clearTimeout }: Pick<WebEngine, "setTimeout" | "clearTimeout">,
  ms: number,
  signal?: AbortSignalLike,
): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const stop = (): void => {
      clearTimeout(timer as never);
      signal?.removeEventListener("abort", stop);
      resolve();
    };
    const timer = setTimeout(stop, Math.min(Math.max(0, ms), waitMsMax));
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Everything that comes out; stops as soon as that is more than `bytesMax`. Throws what the stream throws at its input. */
async function pass(stream: ByteStream, bytes: Uint8Array, bytesMax: number): Promise<Uint8Array> {
  const writer = stream.writable.getWriter();
  // Both fail with the reader, which tells why.
  void writer.write(bytes).catch(() => undefined);
  void writer.close().catch(() => undefined);
  const reader = stream.readable.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const part = next.value ?? new Uint8Array(0);
    parts.push(part);
    length += part.length;
    if (length <= bytesMax) continue;
    void reader.cancel().catch(() => undefined);
    throw new RangeError(`the result is longer than ${bytesMax} bytes`);
  }
  return joined(parts, length);
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function hexOf(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += (byte < 16 ? "0" : "") + byte.toString(16);
  return hex;
}

const streamsFix =
  "Add the engine's Compression Streams before icecore starts, or sync over HTTP, which unpacks by itself.";

function missing(name: string, fix: string): StoreError {
  return new StoreError({ kind: "incompatible", what: `This JavaScript engine has no ${name}`, fix });
}
