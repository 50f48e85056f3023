/** What a reader of the log does not see yet: one line on stderr for people, so that a store that was just filled does not look empty. */
import type { Host } from "../shared/drive/run.ts";
import { StoreError } from "../shared/errors.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import { listAfterPosition, parseUpdateKey, updatesPrefix } from "../shared/wire/keys.ts";
import type { Timestamp } from "../shared/wire/time.ts";
import type { CommandIo } from "./io.ts";
import { countText } from "./numbers.ts";

/** One page of a LIST: beyond it nobody counts. */
const countedMax = 1_000;

interface Unseen {
  readonly store: StoreId;
  readonly publishedThrough: Timestamp;
  /** What lies behind it was not asked for. */
  readonly to: Timestamp;
}

/** Tells how many updates are stored above `publishedThrough`. Who may not list does without; costs one LIST. */
export async function tellWaiting(
  { screen, json }: CommandIo,
  { bucket }: Host,
  { store, publishedThrough, to }: Unseen,
): Promise<void> {
  if (json || publishedThrough >= to) return;
  const page = await bucket
    .list(updatesPrefix(store), { after: listAfterPosition(store, publishedThrough), limit: countedMax })
    .catch(unlessForbidden);
  const named = (page?.objects ?? []).map(({ key }) => parseUpdateKey(key));
  const count = named.filter((name) => name?.store === store && name.timestamp <= to).length;
  if (count === 0) return;
  const are = count === 1 ? "is" : "are";
  screen.remark(
    `${countText(count, "update")}${page?.more ? " and more" : ""} ${are} stored and not yet published, so not shown: "icecore rollup --store ${store}" (or a server) publishes, "icecore log --tail" shows them.`,
  );
}

function unlessForbidden(error: unknown): null {
  if (error instanceof StoreError && error.kind === "unauthorized") return null;
  throw error;
}
