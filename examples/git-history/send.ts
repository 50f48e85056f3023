/**
 * Writing the history: each commit's updates in order, each acknowledged before the next is sent.
 *
 * `after` is the timestamp of the parent commit's last update: who made a commit had seen its parent. So the order of the log
 * is the order of the history, whoever the authors were and whatever their clocks said.
 */
import type { Host } from "../../shared/drive/run.ts";
import { createWriter, type Writer } from "../../shared/drive/writer.ts";
import type { Bucket } from "../../shared/ports/bucket.ts";
import type { StoreId } from "../../shared/wire/ids.ts";
import { type Timestamp, zeroTimestamp } from "../../shared/wire/time.ts";
import type { Update } from "../../shared/wire/update.ts";
import { type Commit, type Repository, readChanges } from "./git.ts";
import { createBlobReader } from "./git-blobs.ts";
import { nearMs } from "./limits.ts";
import { createApps, groupActions, type Tally } from "./updates.ts";

export interface Sent extends Tally {
  readonly updates: number;
  readonly authors: number;
  /** The last update of each commit, in the order of the history. */
  readonly timestamps: readonly Timestamp[];
  readonly near: Nearness;
}

/** How near the timestamps lie to the bucket's clock when their updates were acknowledged (G1). */
export interface Nearness {
  readonly within: number;
  readonly of: number;
  readonly farthestMs: number;
}

export interface SendOptions {
  readonly store: StoreId;
  readonly repository: Repository;
  readonly commits: readonly Commit[];
  readonly onCommit: (done: number) => void;
}

/** Sends every commit. Throws StoreError; what was acknowledged stays. */
export async function sendHistory(host: Host, options: SendOptions): Promise<Sent> {
  const { store, repository, commits, onCommit } = options;
  const { bucket, lastDate } = withLastDate(host.bucket);
  const writer = createWriter({ ...host, bucket }, store);
  const blobs = createBlobReader(repository.gitDir);
  const appOf = createApps();
  const tally: Tally = { actions: 0, contentBytes: 0, idsAlone: 0 };
  const timestamps: Timestamp[] = [];
  let near: Nearness = { within: 0, of: 0, farthestMs: 0 };
  let after = zeroTimestamp;
  try {
    for await (const { commit, changes } of readChanges(repository, commits)) {
      const app = appOf(commit.author);
      for await (const actions of groupActions(app, { commit, changes, blobs, tally }, host.settings)) {
        after = await appendSurely(writer, app.newUpdate(actions, after), host);
        near = addNear(near, Math.abs(lastDate() - after));
      }
      timestamps.push(after);
      onCommit(timestamps.length);
    }
  } finally {
    blobs.close();
  }
  const authors = new Set(commits.map((commit) => commit.author)).size;
  return { ...tally, updates: near.of, authors, timestamps, near };
}

/** The same update again, unchanged, for as long as the answer is "later". */
async function appendSurely(writer: Writer, update: Update, { platform, signal }: Host): Promise<Timestamp> {
  for (;;) {
    const outcome = await writer.append(update);
    if (outcome.is === "stored") return outcome.timestamp;
    await platform.wait(outcome.retryAfterMs, signal);
  }
}

function addNear({ within, of, farthestMs }: Nearness, distanceMs: number): Nearness {
  return {
    within: within + (distanceMs <= nearMs ? 1 : 0),
    of: of + 1,
    farthestMs: Math.max(farthestMs, distanceMs),
  };
}

/** Keeps the date of the bucket's last answer: the writer's last request is the one that acknowledges. */
function withLastDate(inner: Bucket): { readonly bucket: Bucket; readonly lastDate: () => number } {
  let last = 0;
  const note = async <A extends { readonly date: number }>(answering: Promise<A>): Promise<A> => {
    const answer = await answering;
    last = answer.date;
    return answer;
  };
  const bucket: Bucket = {
    name: inner.name,
    get: (key, options) => note(inner.get(key, options)),
    putIfAbsent: (key, content) => note(inner.putIfAbsent(key, content)),
    putIfMatch: (key, content, etag, options) => note(inner.putIfMatch(key, content, etag, options)),
    list: (prefix, options) => note(inner.list(prefix, options)),
    delete: (keys) => note(inner.delete(keys)),
  };
  return { bucket, lastDate: () => last };
}
