/**
 * The check: a fresh reader replays the log, and the files that come out are compared with the repository's own trees.
 *
 * Nothing of the writer is used but each commit's timestamp: bucket, head, segments and snapshots are read anew, and every id
 * is computed from the replayed bytes.
 */
import { createReplay } from "../../shared/drive/replay.ts";
import type { Host } from "../../shared/drive/run.ts";
import { StoreError } from "../../shared/errors.ts";
import type { Rejection } from "../../shared/fold/fold.ts";
import type { StateOf } from "../../shared/model/model.ts";
import type { StoreId } from "../../shared/wire/ids.ts";
import type { Timestamp } from "../../shared/wire/time.ts";
import { idOf } from "./contents.ts";
import { type Repository, readTree } from "./git.ts";
import { model } from "./model.ts";

/** A path that is not the same in both; null where one has none. */
export interface Difference {
  readonly path: string;
  readonly expected: string | null;
  readonly replayed: string | null;
}

export interface Comparison {
  readonly commit: string;
  readonly files: number;
  readonly differences: readonly Difference[];
}

export interface CheckOptions {
  readonly store: StoreId;
  readonly repository: Repository;
}

/** Replays to the present, from the newest snapshot where that is shorter, and compares with HEAD. */
export async function checkHead(host: Host, options: CheckOptions): Promise<Comparison> {
  const { store, repository } = options;
  const replay = createReplay(host, { store, model, onRejection: failOn });
  const fold = await replay.advanceTo();
  return compare(fold.state(), repository, repository.head);
}

/** Replays the log once from its start, stopping at each of the commits, which are in the order of the history. */
export async function checkCommits(
  host: Host,
  options: CheckOptions & {
    readonly commits: readonly { readonly id: string; readonly timestamp: Timestamp }[];
    readonly onCommit: (done: number) => void;
  },
): Promise<readonly Comparison[]> {
  const { store, repository, commits, onCommit } = options;
  const replay = createReplay(host, { store, model, fromStart: true, onRejection: failOn });
  const found: Comparison[] = [];
  for (const { id, timestamp } of commits) {
    const fold = await replay.advanceTo(timestamp);
    found.push(await compare(fold.state(), repository, id));
    onCommit(found.length);
  }
  return found;
}

/** `count` different positions below `length`, in order; fewer when there are no more. The same for the same seed. */
export function chooseSome(length: number, count: number, seed: number): readonly number[] {
  const random = createRandom(seed);
  const left = Array.from({ length }, (_, i) => i);
  const chosen: number[] = [];
  while (chosen.length < count && left.length > 0)
    chosen.push(...left.splice(Math.floor(random() * left.length), 1));
  return chosen.sort((a, b) => a - b);
}

async function compare(
  state: StateOf<typeof model>,
  repository: Repository,
  commit: string,
): Promise<Comparison> {
  const tree = await readTree(repository, commit);
  const differences: Difference[] = [];
  for (const [path, file] of state.files) {
    const entry = tree.get(path);
    const expected = entry ? `${entry.mode} ${entry.id}` : null;
    const replayed = `${file.mode} ${idOf(file, repository.objectFormat)}`;
    if (expected !== replayed) differences.push({ path, expected, replayed });
  }
  for (const [path, { mode, id }] of tree)
    if (!state.files.has(path)) differences.push({ path, expected: `${mode} ${id}`, replayed: null });
  return { commit, files: tree.size, differences };
}

/** Each action was valid when it was sent, so one that is set aside is a fault here. */
function failOn({ name, timestamp, reason }: Rejection): void {
  const what = `The replay set an action "${name}" at ${timestamp} aside: ${reason}`;
  throw new StoreError({ kind: "corrupt", what, fix: 'Look at the store with "icecore verify".' });
}

/** Mulberry32: small, and the same on every machine. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
