/** The failures that several programs share, each with what to do. */
import type { Trouble } from "../errors.ts";
import type { StoreId } from "../wire/ids.ts";
import { headKey } from "../wire/keys.ts";
import { formatTimestamp, type Timestamp } from "../wire/time.ts";

export function noHead(store: StoreId): Trouble {
  return {
    kind: "unavailable",
    what: `Store "${store}" has no head`,
    fix: `If it is new, make it with "icecore init --store ${store}". If it existed, its head was lost: keep what is unsent, restore ${headKey(store)} from the bucket's versions or a copy, or run "icecore recover --store ${store}", which rebuilds it from the segments and updates that are still there.`,
    store,
    key: headKey(store),
  };
}

/** A claim stands in the head's place. */
export function beingRecovered(store: StoreId, since: Timestamp): Trouble {
  return {
    kind: "unavailable",
    what: `Store "${store}" is being recovered, since ${formatTimestamp(since)}`,
    fix: `Ask again in a while; if nobody is at it any more, run "icecore recover --store ${store}" again.`,
    store,
    key: headKey(store),
  };
}

/** In the bucket itself, not in a cache. */
export function olderHead(store: StoreId, before: number, now: number): Trouble {
  return {
    kind: "corrupt",
    what: `Store "${store}" has an older head than before: revision ${now} after ${before}`,
    fix: `Somebody put it back: restore the newest version of ${headKey(store)}, or run "icecore recover --store ${store}" so that readers start afresh.`,
    store,
    key: headKey(store),
  };
}

export function badObject(store: StoreId, key: string, reason: string): Trouble {
  const newer = /^format is "icecore-/.test(reason);
  return {
    kind: newer ? "incompatible" : "corrupt",
    what: `Object ${key} of store "${store}" cannot be used: ${reason}`,
    fix: newer
      ? "It was written by another release of icecore: upgrade this one."
      : `Restore it from the bucket's versions or a copy; "icecore verify --store ${store}" lists everything that is wrong.`,
    store,
    key,
  };
}

export function missingObject(store: StoreId, key: string): Trouble {
  return {
    kind: "corrupt",
    what: `Object ${key} is listed in the head of store "${store}" but is not there`,
    fix: "Something outside icecore deleted it: restore it from the bucket's versions or a copy.",
    store,
    key,
  };
}

export function tooBusy(store: StoreId, program: string): Trouble {
  return {
    kind: "conflict",
    what: `"${program}" on store "${store}" kept meeting others at the same work and gave up`,
    fix: "Nothing is lost: run it again later, with fewer rollups at once.",
    store,
  };
}

export function madeAnew(store: StoreId): Trouble {
  return {
    kind: "conflict",
    what: `Store "${store}" was made anew or recovered while it was at work`,
    fix: "Run it again.",
    store,
  };
}

export function clockOff(store: StoreId, offMs: number): Trouble {
  return {
    kind: "unavailable",
    what: `This machine's clock is ${Math.round(offMs / 1_000)} s away from the bucket's, so store "${store}" was not sealed`,
    fix: "Set this machine's clock (NTP) and run the rollup again; writers go on meanwhile.",
    store,
  };
}

export function divergedLog(store: StoreId, position: Timestamp): Trouble {
  return {
    kind: "corrupt",
    what: `The log of store "${store}" up to ${formatTimestamp(position)} is not the one that this reader holds`,
    fix: `The reader must start afresh from the bucket; run "icecore verify --store ${store}" to find out which of both was changed.`,
    store,
  };
}

export function gapInLog(store: StoreId, position: Timestamp): Trouble {
  return {
    kind: "corrupt",
    what: `The log of store "${store}" has a gap after ${formatTimestamp(position)}`,
    fix: `Nothing was applied beyond it; "icecore verify --store ${store}" names the object to restore.`,
    store,
  };
}

export function stuckReader(store: StoreId): Trouble {
  return {
    kind: "incompatible",
    what: `Nothing listed in store "${store}" leads from this reader's position to the present`,
    fix: `Run the rollup with this reader's model version or upgrade the reader; where the history itself is broken, "icecore verify --store ${store}" names the object.`,
    store,
  };
}
