/** A replay as commands use it: the model or the raw view, progress on stderr, and what came up on the way. */
import { createReplay, type Replay } from "../shared/drive/replay.ts";
import { readStoreHead } from "../shared/drive/store.ts";
import type { Rejection } from "../shared/fold/fold.ts";
import type { Model } from "../shared/model/model.ts";
import { rawModel } from "../shared/model/raw.ts";
import type { Timestamp } from "../shared/wire/time.ts";
import type { CommandIo } from "./io.ts";
import { loadModel } from "./model-file.ts";
import { openSession, type Session, type StoreOptions } from "./session.ts";
import { createTimeProgress, watchGets } from "./watch-gets.ts";

export interface Replaying extends Session {
  readonly replay: Replay<unknown>;
  readonly model: Model<unknown>;
  readonly publishedThrough: Timestamp;
  /** The first ones; `rejectedCount` counts all. */
  readonly rejected: readonly Rejection[];
  readonly rejectedCount: number;
  /** Where the snapshot that it began from ends; null when it folded from the log's start. */
  readonly snapshotThrough: Timestamp | null;
  stopProgress(): void;
}

/** More rejected actions than anyone reads; the rest are counted. */
const rejectedMax = 1_000;

export async function openReplay(
  io: CommandIo,
  options: StoreOptions & { readonly model?: string | undefined },
  { end, fromStart = false }: { readonly end: Timestamp; readonly fromStart?: boolean },
): Promise<Replaying> {
  const session = await openSession(io, options);
  const model: Model<unknown> =
    options.model === undefined ? (rawModel as Model<unknown>) : await loadModel(options.model);
  const { head } = await readStoreHead(session.host, session.store);
  const progress = createTimeProgress(io, "replay", Math.min(end, head.publishedThrough) as Timestamp);
  let snapshotThrough: Timestamp | null = null;
  const bucket = watchGets(session.host.bucket, (built) => {
    if (built.kind === "snapshots") snapshotThrough = built.through;
    progress.see(built);
  });
  const rejected: Rejection[] = [];
  let rejectedCount = 0;
  const replay = createReplay(
    { ...session.host, bucket },
    {
      store: session.store,
      model,
      // The raw view has no snapshots of its own.
      fromStart: fromStart || model.anyVersion,
      onRejection(rejection) {
        rejectedCount += 1;
        if (rejected.length < rejectedMax) rejected.push(rejection);
      },
    },
  );
  return {
    ...session,
    replay,
    model,
    publishedThrough: head.publishedThrough,
    rejected,
    get rejectedCount() {
      return rejectedCount;
    },
    get snapshotThrough() {
      return snapshotThrough;
    },
    stopProgress: progress.stop,
  };
}
