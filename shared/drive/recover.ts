/**
 * recoverStore: makes a new head for a store whose head is lost or damaged, from segments, snapshots and raw updates (`icecore recover`).
 *
 * Safe beside writers, rollups and sweeps that are still at work: without a head nothing is acknowledged or published, and nothing is
 * deleted but by those who still go by the lost one; what was built for that belongs to another epoch and is never linked; and an update in
 * flight either lies above the new seal or is sent again. The log is what was there while there surely was no head (recover-claim.ts);
 * which segments it is stands in log/recover-plan.ts.
 */
import { StoreError } from "../errors.ts";
import { recoveredHead, revAbove } from "../log/recover-head.ts";
import type { Etag, IfMatchSpelling } from "../ports/bucket.ts";
import type { Head } from "../wire/head.ts";
import type { StoreId } from "../wire/ids.ts";
import { putClaim, replaceClaim } from "./recover-claim.ts";
import { type FoundLog, findLog } from "./recover-log.ts";
import { isUnchanged, type Leftovers, listLeftovers } from "./recover-read.ts";
import { requireReplaceable } from "./recover-replace.ts";
import { storeLog, type Work } from "./recover-write.ts";
import type { Host } from "./run.ts";
import { requireFitBucket } from "./self-test.ts";

export interface RecoverOptions {
  readonly store: StoreId;
  /** Go on although a part of the log is lost: what lies behind the gap stays out. @default false */
  readonly acceptLoss?: boolean;
  /**
   * Also where there is a good head, if an audit finds that something it names is gone or damaged, and what is left holds its whole log all
   * the same. Not together with `acceptLoss`. @default false
   */
  readonly replaceHead?: boolean;
  /** Say what would be done and write nothing, no probes either. @default false */
  readonly dryRun?: boolean;
  readonly onProgress?: (done: number, of: number) => void;
}

export interface RecoverReport {
  readonly head: Head;
  readonly made: boolean;
  readonly segments: number;
  readonly updates: number;
  readonly apps: number;
  /** Updates of ends that were joined into one new segment; 0 when there was nothing to join. */
  readonly joined: number;
  /** Raw updates that are there; the next rollup publishes those that the log does not hold. */
  readonly raw: number;
  /** What is left out of the log, in words. */
  readonly lost: readonly string[];
}

/** What was built for the lost head may still come in, a little each time. */
const looksMax = 10;

/** Throws StoreError: "rejected" when there is a head, "corrupt" when a part of the log is lost, "conflict" when somebody else made one. */
export async function recoverStore(host: Host, options: RecoverOptions): Promise<RecoverReport> {
  const { store, acceptLoss = false, replaceHead = false, dryRun = false, onProgress } = options;
  if (replaceHead && acceptLoss) throw notBoth(store);
  // 1. Is there anything to do, and may this bucket hold a store?
  let before = await requireReplaceable(host, store, replaceHead);
  const ifMatch = dryRun ? "quoted" : await requireFitBucket(host);
  let claim: Etag | null = null;
  for (let looks = 1; looks <= looksMax; looks++) {
    if (claim === null && looks > 1) before = await requireReplaceable(host, store, replaceHead);
    // 2. The log that is left.
    const left = await listLeftovers(host, store);
    if (before.etag === null && left.built.length + left.raw === 0) throw nothingThere(store);
    const log = await findLog(host, { store, left, place: before.place, onProgress });
    const refused = log.lost.length > 0 && !acceptLoss;
    const work: Work = { host, store, dryRun, rev: revAbove(left.built.map(({ rev }) => rev)) };
    // 3. From the claim on no other head can come: what is there now is all that ever was. Lost is only what this look found too.
    if (!dryRun && !refused) claim ??= await putClaim(work, before.etag, ifMatch);
    const now = await listLeftovers(host, store);
    if (!isUnchanged(left, now, namedIn(log))) continue;
    if (refused) throw lossy(store, log.lost, before.place !== null && claim === null);
    // 4. What the head will name; then the head, in the claim's place.
    const head = await storeHead(work, log, { ifMatch, left: now });
    if (claim !== null) await replaceClaim(work, head, claim);
    return reportOf(head, { log, left: now, made: claim !== null });
  }
  throw restless(store);
}

function namedIn({ chain, snapshots }: FoundLog): readonly string[] {
  return [...chain, ...snapshots].map(({ key }) => key);
}

/** Stores all that the head will name. Answers with the head, which is not stored yet. */
async function storeHead(
  work: Work,
  log: FoundLog,
  { ifMatch, left }: { readonly ifMatch: IfMatchSpelling; readonly left: Leftovers },
): Promise<Head> {
  const { platform } = work.host;
  const { shelved, marks, history } = await storeLog(work, log);
  const [epoch, nonce] = [platform.newNonce(), platform.newNonce()];
  const parts = { epoch, nonce, rev: work.rev, marks, sealedThrough: left.latest, ifMatch };
  return recoveredHead(parts, shelved, history);
}

function reportOf(
  head: Head,
  { log, left, made }: { readonly log: FoundLog; readonly left: Leftovers; readonly made: boolean },
): RecoverReport {
  const { chain, joined, updates, apps, lost } = log;
  const segments = chain.length + (joined ? 1 : 0);
  const { raw } = left;
  return { head, made, segments, updates, apps, joined: joined?.updates.length ?? 0, raw, lost };
}

function nothingThere(store: StoreId): StoreError {
  return new StoreError({
    kind: "rejected",
    what: `Nothing of a store "${store}" is in this bucket`,
    fix: `Check the bucket, its prefix and the store's id; "icecore init --store ${store}" makes a new one.`,
    store,
  });
}

const lossesShown = 5;

function lossy(store: StoreId, lost: readonly string[], hasHead: boolean): StoreError {
  const more = lost.length > lossesShown ? `; and ${lost.length - lossesShown} more` : "";
  return new StoreError({
    kind: "corrupt",
    what: `A part of the log of store "${store}" is lost: ${lost.slice(0, lossesShown).join("; ")}${more}`,
    fix: hasHead ? partsFix : lossFix,
    store,
  });
}

const lossFix =
  "Restore those objects from the bucket's versions or a copy and recover again; only where that cannot be, give --accept-loss.";
const partsFix =
  'The head was not touched. Restore those objects from the bucket\'s versions or a copy; where that cannot be, "icecore export" what lies before (--to) and behind (--from) the gap and import both into a new store.';

function notBoth(store: StoreId): StoreError {
  return new StoreError({
    kind: "rejected",
    what: "A good head is replaced only where nothing of its log is lost, so acceptLoss and replaceHead contradict each other",
    fix: "Leave out --accept-loss.",
    store,
  });
}

function restless(store: StoreId): StoreError {
  return new StoreError({
    kind: "conflict",
    what: `Objects of store "${store}" kept coming or going while it was recovered`,
    fix: "Nothing is lost: stop the rollups and sweeps, then recover again.",
    store,
  });
}
