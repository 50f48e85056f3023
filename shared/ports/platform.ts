/**
 * The Platform port: clock, randomness, waiting, text and gzip. Only files named `platform` touch the real ones.
 */
import type { Sha256 } from "./hash.ts";

export interface Platform {
  readonly sha256: Sha256;
  /** Local clock, milliseconds since 1970. May be wrong, may jump. */
  now(): number;
  /** 16 characters of lower-case base 32 from a secure source: 80 bits. */
  newNonce(): string;
  /** Uniform in [0, 1), for jitter. */
  random(): number;
  wait(ms: number, signal?: AbortSignalLike): Promise<void>;
  encodeText(text: string): Uint8Array;
  /** Throws on bytes that are not UTF-8. */
  decodeText(bytes: Uint8Array): string;
  gzip(bytes: Uint8Array): Promise<Uint8Array>;
  /** Throws when the result would exceed `bytesMax` or the bytes are no gzip. */
  gunzip(bytes: Uint8Array, bytesMax: number): Promise<Uint8Array>;
}

/** The part of AbortSignal that icecore uses; declared here because shared/ knows no DOM. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
