/** The part of fetch that the bucket uses, so that it takes any fetch that an app gives it, and its time limits. */
import type { Platform } from "../../shared/ports/platform.ts";
import { FaultError } from "../s3-common/fault.ts";

export interface FetchInit {
  readonly method: "GET" | "HEAD" | "PUT" | "DELETE";
  readonly headers: Record<string, string>;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal;
  readonly redirect: "manual";
  readonly cache?: "no-store";
}

export interface BodyReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

export interface Fetched {
  readonly status: number;
  readonly type?: string;
  readonly headers: { get(name: string): string | null };
  readonly body?: { getReader(): BodyReader } | null;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** Every engine's own fetch is one. */
export type FetchLike = (url: string, init: FetchInit) => Promise<Fetched>;

interface Globals {
  readonly fetch?: FetchLike;
  readonly Request?: { readonly prototype: object };
}

/** The platform's own; undefined where it has none. */
export function findFetch(): FetchLike | undefined {
  const { fetch } = globalThis as Globals;
  // Called without a `this`: browsers insist on it.
  return fetch && ((url, init) => fetch(url, init));
}

/** Past the browser's own cache, which may hold a head of long ago. Some servers' engines have none, and refuse to be asked. */
export function pastCaches(): { readonly cache?: "no-store" } {
  const { Request } = globalThis as Globals;
  return Request !== undefined && "cache" in Request.prototype ? { cache: "no-store" } : {};
}

/** A time limit: what is late is no longer waited for. Whoever asked ends it. */
export async function within<T>(work: Promise<T>, ms: number, platform: Pick<Platform, "wait">): Promise<T> {
  const inTime = new AbortController();
  const late = platform.wait(ms, inTime.signal).then((): never => {
    throw new FaultError({ code: "TimeoutError" });
  });
  // Whichever loses may still fail.
  for (const one of [work, late]) one.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    inTime.abort();
  }
}
