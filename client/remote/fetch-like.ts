/**
 * The part of fetch that the client uses, so that it runs where there is no DOM and no Node, and takes any fetch that an app gives it.
 * What some platforms lack is tried for: bodies that come in pieces, and ending a request early.
 */
import type { AbortSignalLike } from "../../shared/ports/platform.ts";

export interface FetchInit {
  readonly method: "GET" | "HEAD" | "POST" | "PUT";
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal?: AbortSignalLike;
  readonly redirect: "error";
  readonly credentials: "omit";
  readonly cache?: "no-store";
}

export interface BodyReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

export interface Fetched {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body?: { getReader?(): BodyReader } | null;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** A method's parameters are compared leniently: every platform has an AbortSignal of its own. */
export type FetchLike = { fetch(url: string, init: FetchInit): Promise<Fetched> }["fetch"];

interface Globals {
  readonly fetch?: FetchLike;
  readonly AbortController?: new () => { readonly signal: AbortSignalLike; abort(): void };
}

/** The platform's own; undefined where it has none. */
export function findFetch(): FetchLike | undefined {
  const { fetch } = globalThis as Globals;
  // Called without a `this`: browsers insist on it.
  return fetch && ((url, init) => fetch(url, init));
}

export interface Ending {
  readonly signal?: AbortSignalLike;
  end(): void;
  /** Everything is there: nothing to end any more. */
  release(): void;
}

/** A way to end a request, also by a signal; where the platform has none, its answer is only no longer looked at. */
export function newEnding(by?: AbortSignalLike): Ending {
  const { AbortController } = globalThis as Globals;
  if (AbortController === undefined) return { end: () => undefined, release: () => undefined };
  const controller = new AbortController();
  const release = () => by?.removeEventListener("abort", end);
  const end = () => {
    release();
    controller.abort();
  };
  by?.addEventListener("abort", end, { once: true });
  if (by?.aborted) end();
  return { signal: controller.signal, end, release };
}

/** The body in pieces, where the platform gives it so. */
export function readerOf({ body }: Fetched): BodyReader | null {
  return typeof body?.getReader === "function" ? body.getReader() : null;
}
