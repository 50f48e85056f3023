/**
 * The platform of Node: the only file of bucket/ that touches the real clock, randomness and timers.
 */
import { createHash, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import type { AbortSignalLike, Platform } from "../../shared/ports/platform.ts";

const gzipAsync = promisify<Uint8Array, Uint8Array>(gzip);
const gunzipAsync = promisify<Uint8Array, { maxOutputLength: number }, Uint8Array>(gunzip);

/** Crockford's alphabet: no letter that reads as a digit. */
const letters = "0123456789abcdefghjkmnpqrstvwxyz";
/** 80 bits, five a letter. */
const nonceBytes = 10;
/** setTimeout fires at once above it. */
const waitMsMax = 2 ** 31 - 1;

/** The real clock, randomness and timers of this machine. */
export function createNodePlatform(): Platform {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return {
    sha256: (text) => createHash("sha256").update(text).digest("hex"),
    now: Date.now,
    newNonce,
    random: Math.random,
    wait,
    encodeText: (text) => encoder.encode(text),
    decodeText: (bytes) => decoder.decode(bytes),
    gzip: async (bytes) => plainBytes(await gzipAsync(bytes)),
    gunzip: async (bytes, bytesMax) =>
      plainBytes(await gunzipAsync(bytes, { maxOutputLength: Math.max(1, bytesMax) })),
  };
}

function newNonce(): string {
  const bits = [...randomBytes(nonceBytes)].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return bits.replace(/.{5}/g, (five) => letters.charAt(Number.parseInt(five, 2)));
}

/** Resolves after `ms`, or at once when `signal` is aborted: waiting is never what fails. */
function wait(ms: number, signal?: AbortSignalLike): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const stop = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      resolve();
    };
    const timer = setTimeout(stop, Math.min(Math.max(0, ms), waitMsMax));
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Node's Buffers are Uint8Arrays with other habits (slice shares memory); callers get plain ones. */
function plainBytes(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
