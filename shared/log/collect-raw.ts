/**
 * collectRaw: deletes raw updates at or below publishedThrough of a head just read from the bucket (docs/protocol.md, "Delete").
 *
 * Safe because all of them are in segments, or are copies: a writer that puts one there again later finds
 * sealedThrough >= ts and does not acknowledge it. Objects whose names are no update keys are left for `verify`.
 *
 * In a bucket that keeps versions a LIST passes the delete marker of each update that ever was, until a lifecycle rule takes it away. What is
 * put there late is put there soon after its timestamp, so most looks need not begin at the very beginning (`recentMs`).
 */
import type { StoreId } from "../wire/ids.ts";
import { listAfterPosition, parseUpdateKey, updatesPrefix } from "../wire/keys.ts";
import { type Timestamp, toTimestamp } from "../wire/time.ts";
import { getHead, withHead } from "./head-read.ts";
import { type Answer, ask, done, type Program, type Step } from "./program.ts";

export interface CollectRawInput {
  readonly store: StoreId;
  /** publishedThrough of a head that this process read or swapped itself; null to read the head now. */
  readonly through: Timestamp | null;
  /** Look only so far below publishedThrough; left out: at everything. */
  readonly recentMs?: number;
}

interface Base {
  readonly store: StoreId;
  readonly through: Timestamp;
  readonly deleted: number;
}

export type CollectRawState =
  | { readonly at: "readHead"; readonly store: StoreId; readonly recentMs?: number }
  | (Base & { readonly at: "list" })
  | (Base & { readonly at: "delete"; readonly after: string | null });

export interface CollectRawOutcome {
  readonly deleted: number;
}

export const collectRaw: Program<CollectRawInput, CollectRawState, CollectRawOutcome> = {
  name: "collectRaw",
  start({ through, ...look }) {
    if (through === null) return ask({ ...look, at: "readHead" }, getHead(look.store));
    return begin(look, through);
  },
  resume(state, answer) {
    switch (state.at) {
      case "readHead":
        return withHead(state.store, answer, ({ head }) => begin(state, head.publishedThrough));
      case "list":
        return afterList(state, answer);
      case "delete":
        return state.after === null ? done({ deleted: state.deleted }) : list(state, state.after);
    }
  },
};

function begin(
  { store, recentMs }: Omit<CollectRawInput, "through">,
  through: Timestamp,
): Step<CollectRawState, CollectRawOutcome> {
  const above = recentMs === undefined ? 0 : through - recentMs;
  return list(
    { store, through, deleted: 0 },
    above <= 0 ? null : listAfterPosition(store, toTimestamp(above)),
  );
}

function list(base: Base, after: string | null): Step<CollectRawState, CollectRawOutcome> {
  const prefix = updatesPrefix(base.store);
  return ask(
    { ...base, at: "list" },
    after === null ? { do: "list", prefix } : { do: "list", prefix, after },
  );
}

function afterList(state: Base, answer: Answer): Step<CollectRawState, CollectRawOutcome> {
  const page = answer.is === "listed" ? answer.objects.map((object) => object.key) : [];
  const published = page.filter((key) => {
    const found = parseUpdateKey(key);
    return found !== undefined && found.timestamp <= state.through;
  });
  const last = page.at(-1);
  const beyond = last !== undefined && (parseUpdateKey(last)?.timestamp ?? 0) > state.through;
  const after = answer.is === "listed" && answer.more && !beyond && last !== undefined ? last : null;
  const { store, through } = state;
  const deleted = state.deleted + published.length;
  if (published.length === 0)
    return after === null ? done({ deleted }) : list({ store, through, deleted }, after);
  return ask({ store, through, deleted, at: "delete", after }, { do: "delete", keys: published });
}
