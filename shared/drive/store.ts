/** createStore (init) and the readers of the log that keep no state: small shells around one program each. */

import { StoreError } from "../errors.ts";
import { type CollectBuiltOutcome, collectBuilt } from "../log/collect-built.ts";
import { collectRaw } from "../log/collect-raw.ts";
import { getHead, readHead } from "../log/head-read.ts";
import { init } from "../log/init.ts";
import type { KnownHead } from "../log/known-head.ts";
import type { AppliedRange } from "../ports/replica.ts";
import type { StoreId } from "../wire/ids.ts";
import { headsPrefix, parseHeadKey, probesRoot } from "../wire/keys.ts";
import { type Timestamp, toTimestamp, zeroTimestamp } from "../wire/time.ts";
import { eachListed } from "./audit-read.ts";
import { createReader } from "./reader.ts";
import { getObject, type Host, run } from "./run.ts";
import { requireFitBucket } from "./self-test.ts";

/**
 * Makes a store, in a bucket that has passed the self-test just before. Answers false when it was there already.
 *
 * @throws StoreError "incompatible" when the bucket cannot hold a store, "unavailable" when old objects have no head.
 */
export async function createStore(host: Host, store: StoreId): Promise<boolean> {
  const there = (await getObject(getHead(store), host)).is !== "absent";
  const ifMatch = there ? "quoted" : await requireFitBucket(host);
  const outcome = await run(init, { store, ifMatch }, host);
  return outcome.is === "made";
}

/** The head as it stands in the bucket. Throws StoreError when it is missing or damaged. */
export async function readStoreHead(host: Host, store: StoreId): Promise<KnownHead> {
  const read = readHead(store, await getObject(getHead(store), host));
  if (!read.ok) throw new StoreError(read.trouble);
  return read.known;
}

/** The stores of a bucket, by their heads, in order of their ids. */
export async function listStores(host: Host): Promise<readonly StoreId[]> {
  const stores: StoreId[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await host.bucket.list(headsPrefix, after === undefined ? {} : { after });
    for (const { key } of page.objects) {
      const store = parseHeadKey(key);
      if (store) stores.push(store);
    }
    after = page.objects.at(-1)?.key;
    if (!page.more || after === undefined) return stores;
  }
}

/**
 * Gives every published update above `from` and up to `to`, in log order, a segment at a time.
 *
 * @example
 * await scanLog(host, { store, onRange: ({ updates }) => { for (const update of updates) console.log(update.id); } });
 */
export async function scanLog(
  host: Host,
  options: {
    readonly store: StoreId;
    readonly from?: Timestamp;
    readonly to?: Timestamp;
    readonly onRange: (range: AppliedRange) => void | Promise<void>;
  },
): Promise<void> {
  const { store, from = zeroTimestamp, to = toTimestamp(Number.POSITIVE_INFINITY), onRange } = options;
  const replica = {
    reset: () => null,
    load: () => null,
    async apply(range: AppliedRange) {
      await onRange({ ...range, updates: range.updates.filter((update) => update.timestamp <= to) });
      return null;
    },
  };
  const untilAfter = toTimestamp(to + 1);
  await createReader(host, { store, replica, history: true, from }).poll({ until: untilAfter });
}

/**
 * Deletes what docs/protocol.md, "Delete" allows: published raw updates, built objects that nothing names any more, and what self-tests
 * that were killed left behind, of whatever store. Where one of the three fails the others are done all the same; the first failure is thrown
 * then. `recentMs`: looks for raw updates only so far below publishedThrough; left out: at all.
 */
export async function collectGarbage(
  host: Host,
  store: StoreId,
  { recentMs }: { readonly recentMs?: number } = {},
): Promise<CollectBuiltOutcome & { readonly raw: number; readonly probes: number }> {
  const look = recentMs === undefined ? {} : { recentMs };
  const raw = await settled(run(collectRaw, { store, through: null, ...look }, host));
  const built = await settled(run(collectBuilt, { store }, host));
  const probes = await settled(collectProbes(host));
  const { deleted } = raw();
  return { ...built(), raw: deleted, probes: probes() };
}

/** What came of it, to be taken later: an answer, or what is thrown then. */
function settled<T>(work: Promise<T>): Promise<() => T> {
  return work.then(
    (value) => () => value,
    (error) => () => {
      throw error;
    },
  );
}

/** A self-test is over within a minute; one that was stopped in between only fails when it goes on. */
async function collectProbes(host: Host): Promise<number> {
  let deleted = 0;
  const collect = eachListed(host, probesRoot, async (page, date) => {
    const old = page.filter(({ lastModified }) => lastModified < date - host.settings.probesKeptMs);
    if (old.length > 0) await host.bucket.delete(old.map(({ key }) => key));
    deleted += old.length;
  });
  await collect.catch(unlessForbidden);
  return deleted;
}

/** Who may only touch a store's own objects leaves the probes to others. */
function unlessForbidden(error: unknown): void {
  if (!(error instanceof StoreError) || error.kind !== "unauthorized") throw error;
}
