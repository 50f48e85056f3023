/**
 * The demo from end to end: read a repository, write its history through the protocol, read it back afresh, compare.
 *
 * Writer, rollup and reader share a bucket and nothing else; each counts its own requests.
 */
import { type CountingBucket, createCountingBucket } from "../../bucket/counting.ts";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { openBucket } from "../../bucket/url.ts";
import type { Host } from "../../shared/drive/run.ts";
import { createStore, readStoreHead } from "../../shared/drive/store.ts";
import { StoreError } from "../../shared/errors.ts";
import type { Bucket } from "../../shared/ports/bucket.ts";
import type { StoreId } from "../../shared/wire/ids.ts";
import { builtKinds, builtPrefix, updatesPrefix } from "../../shared/wire/keys.ts";
import { type Timestamp, zeroTimestamp } from "../../shared/wire/time.ts";
import { checkCommits, checkHead, chooseSome } from "./check.ts";
import { type Commit, listCommits, openRepository, type Repository } from "./git.ts";
import { settings } from "./limits.ts";
import type { Progress } from "./progress.ts";
import type { ObjectCount, Report, RequestCount } from "./report.ts";
import { type RolledUp, rollUpBeside } from "./roll-up.ts";
import { type Sent, sendHistory } from "./send.ts";

export interface DemoOptions {
  readonly repo: string;
  readonly bucketUrl: string;
  readonly store: StoreId;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** Commits at which the replay is compared, besides HEAD. */
const commitsChecked = 10;

/** Throws StoreError; a replay that differs is no error but stands in the report. */
export async function runDemo(options: DemoOptions): Promise<Report> {
  const { progress, store } = options;
  progress.start("reading the history", 0);
  const repository = await openRepository(options.repo);
  const commits = await listCommits(repository);
  await makeEmptyStore(await newHost(options), store);
  const [writer, rollup, reader] = [await newHost(options), await newHost(options), await newHost(options)];

  progress.start("writing commits", commits.length);
  const written = await timed(() => writeHistory({ writer, rollup }, { ...options, repository, commits }));
  const { sent, rolledUp } = written.result;

  progress.start("replaying HEAD", 0);
  const head = await timed(() => checkHead(reader, { store, repository }));
  const readerOfHead = requestsOf(reader.bucket);

  const chosen = choosePlaces(commits, sent.timestamps, options.seed);
  progress.start("replaying commits", chosen.length);
  const checking = { store, repository, commits: chosen, onCommit: progress.advance };
  const checked = await timed(() => checkCommits(reader, checking));
  progress.stop();

  return {
    ...(await describeStore(options)),
    repository: { name: repository.name, head: repository.head, objectFormat: repository.objectFormat },
    commits: commits.length,
    ...withoutTimestamps(sent),
    lastTimestamps: sent.timestamps.slice(-2),
    rollup: rolledUp,
    requests: {
      writer: requestsOf(writer.bucket),
      rollup: requestsOf(rollup.bucket),
      readerOfHead,
      readerOfAll: requestsOf(reader.bucket),
    },
    seconds: { write: written.seconds, replayHead: head.seconds, replayCommits: checked.seconds },
    headCheck: head.result,
    commitChecks: checked.result,
  };
}

type CountingHost = Host & { readonly bucket: CountingBucket };

/** A handle of its own on the bucket, as another process would have. */
async function newHost({ bucketUrl, signal }: DemoOptions): Promise<CountingHost> {
  const platform = createNodePlatform();
  const bucket = createCountingBucket(await openBucket(bucketUrl, platform, { signal }));
  return { bucket, platform, settings, signal };
}

async function makeEmptyStore(host: Host, store: StoreId): Promise<void> {
  if (await createStore(host, store)) return;
  const { head } = await readStoreHead(host, store);
  const raw = await host.bucket.list(updatesPrefix(store), { limit: 1 });
  if (head.publishedThrough === zeroTimestamp && raw.objects.length === 0) return;
  throw new StoreError({
    kind: "rejected",
    what: `Store "${store}" in ${host.bucket.name} holds a history already`,
    fix: "Choose another --store or another folder; nothing in it was changed.",
    store,
  });
}

type Writing = DemoOptions & { readonly repository: Repository; readonly commits: readonly Commit[] };

/** Writer and rollup side by side. When one fails the other is stopped, and the first trouble is what is told. */
async function writeHistory(
  { writer, rollup }: { readonly writer: Host; readonly rollup: Host },
  { store, repository, commits, progress, signal }: Writing,
): Promise<{ readonly sent: Sent; readonly rolledUp: RolledUp }> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const sending = sendHistory(
    { ...writer, signal: either },
    { store, repository, commits, onCommit: progress.advance },
  );
  const last = sending.then(({ timestamps }) => timestamps.at(-1) ?? zeroTimestamp);
  const rolling = rollUpBeside({ ...rollup, signal: either }, store, last);
  try {
    const [sent, rolledUp] = await Promise.all([sending, rolling]);
    return { sent, rolledUp };
  } catch (error) {
    stop.abort();
    await Promise.allSettled([sending, rolling]);
    throw error;
  }
}

/** Some commits with the timestamp of their last update, in the order of the history. */
function choosePlaces(commits: readonly Commit[], timestamps: readonly Timestamp[], seed: number) {
  return chooseSome(commits.length, commitsChecked, seed).flatMap((i) => {
    const [commit, timestamp] = [commits[i], timestamps[i]];
    return commit && timestamp !== undefined ? [{ id: commit.id, timestamp }] : [];
  });
}

function withoutTimestamps({ timestamps: _, ...rest }: Sent): Omit<Sent, "timestamps"> {
  return rest;
}

/** What is in the bucket at the end, by kind of object. */
async function describeStore(options: DemoOptions) {
  const { bucketUrl, store, seed } = options;
  const host = await newHost(options);
  const { head } = await readStoreHead(host, store);
  const kinds = [
    ...builtKinds.map((kind) => [kind, builtPrefix(kind, store)]),
    ["updates", updatesPrefix(store)],
  ];
  const objects: Record<string, ObjectCount> = {};
  for (const [kind = "", prefix = ""] of kinds) objects[kind] = await countBelow(host.bucket, prefix);
  return { bucket: bucketUrl, store, seed, segmentsListed: head.segments.length, objects };
}

async function countBelow(bucket: Bucket, prefix: string): Promise<ObjectCount> {
  let [count, bytes, after] = [0, 0, ""];
  for (;;) {
    const page = await bucket.list(prefix, { after });
    count += page.objects.length;
    bytes += page.objects.reduce((sum, object) => sum + object.bytes, 0);
    after = page.objects.at(-1)?.key ?? after;
    if (!page.more) return { count, bytes };
  }
}

function requestsOf(bucket: CountingBucket): RequestCount {
  const { get, put, swap, list, delete: deletes, bytesIn, bytesOut } = bucket.counts();
  return { get, put, swap, list, delete: deletes, bytesIn, bytesOut };
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly seconds: number }> {
  const start = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - start) / 1_000 };
}
