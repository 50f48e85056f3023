/**
 * A store without a head: there is no such store, or it has lost its head. Who is told that there is none may take it for wiped and make
 * it anew, so it is looked for what a store leaves behind: segments. Raw updates alone tell nothing, as a writer that is warm puts one
 * before it finds that the store was wiped.
 */
import type { Host } from "../shared/drive/run.ts";
import { StoreError } from "../shared/errors.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import { builtPrefix, headKey } from "../shared/wire/keys.ts";
import { absent, Refusal } from "./answers.ts";
import type { ServerSettings } from "./settings.ts";
import { createSharedRead } from "./shared-read.ts";

export interface HeadlessParts {
  readonly host: Host;
  readonly settings: ServerSettings;
}

/** Answers with what to throw: Refusal 404, or StoreError "unavailable". A LIST of one key, once in a while for all who ask. */
export function createHeadless(store: StoreId, { host, settings }: HeadlessParts) {
  const left = createSharedRead({
    platform: host.platform,
    sharedMs: settings.headlessMs,
    paced: false,
    read: () => hasSegments(store, host),
  });
  return async (): Promise<Refusal | StoreError> =>
    (await left.get()) ? lostHead(store) : noStore(store, settings.headlessMs);
}

/** It may be made in a moment: so it says when to ask again, which tells it from a server that has nothing of the kind. */
function noStore(store: StoreId, retryAfterMs: number): Refusal {
  const { status, error } = absent(`There is no store "${store}"`, "Make it first, or check the name.");
  return new Refusal(status, { ...error, retryAfterMs });
}

async function hasSegments(store: StoreId, { bucket }: Host): Promise<boolean> {
  try {
    return (await bucket.list(builtPrefix("segments", store), { limit: 1 })).objects.length > 0;
  } catch (error) {
    // Who may not list cannot tell: then it is called what it looks like.
    if (error instanceof StoreError && error.kind === "unauthorized") return false;
    throw error;
  }
}

function lostHead(store: StoreId): StoreError {
  return new StoreError({
    kind: "unavailable",
    what: `Store "${store}" has lost its head: its segments are there, the head is not`,
    fix: `Keep what is unsent, it is asked for again. Who runs the server restores ${headKey(store)} from the bucket's versions or a copy, or runs "icecore recover --store ${store}".`,
    store,
    key: headKey(store),
  });
}
