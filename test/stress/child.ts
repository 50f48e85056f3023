/** What every process of a stress run has: its host, its journal, and a way to tell the parent. Ends with its parent. */
import { type CountingBucket, createCountingBucket } from "../../bucket/counting.ts";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { openBucket } from "../../bucket/url.ts";
import type { Host } from "../../shared/drive/run.ts";
import { StoreError } from "../../shared/errors.ts";
import { newSettings, type Settings } from "../../shared/settings.ts";
import { parseStoreId, type StoreId } from "../../shared/wire/ids.ts";
import { headKey } from "../../shared/wire/keys.ts";
import { type Journal, noteCounts, openJournal } from "./journal.ts";

/** Everything happens often: many small segments, and sweeps that delete within the run. */
export const stressSettings: Partial<Settings> = {
  graceMs: 300,
  inlineBytesMax: 4_096,
  segmentsListedAim: 10,
  segmentsSinceSnapshotMax: 4,
  snapshotBytesMin: 4_096,
  mergeFanIn: 3,
  retentionMs: 4_000,
  linkFromDelayMs: 2_000,
};

export type Told = "working" | "headless" | "drained" | "done";

export interface Child {
  readonly host: Host & { readonly bucket: CountingBucket };
  readonly store: StoreId;
  readonly journal: Journal;
  /** The rest of the arguments. */
  readonly words: readonly string[];
  /** True once the parent wants it to finish. */
  finishing(): boolean;
  tell(what: Told): void;
  /** Runs `work` until it succeeds: what passes is waited for, and a lost head is told. */
  untilDone<T>(work: () => Promise<T>): Promise<T>;
  /** Notes the requests so far. */
  count(): void;
}

const pauseMs = 200;

/** Arguments: bucket, store, journal, then the child's own. */
export async function startChild(): Promise<Child> {
  const [url = "", storeText = "", file = "", ...words] = process.argv.slice(2);
  const store = parseStoreId(storeText);
  if (!store) throw new Error("no store id was given");
  let finishing = false;
  process.on("SIGTERM", () => {
    finishing = true;
  });
  process.on("disconnect", () => process.exit(1));
  const platform = createNodePlatform();
  const bucket = createCountingBucket(await openBucket(url, platform));
  const host = { bucket, platform, settings: newSettings(stressSettings) };
  const journal = openJournal(file);
  const tell = (what: Told): void => void process.send?.(what);

  return {
    host,
    store,
    journal,
    words,
    finishing: () => finishing,
    tell,
    async untilDone(work) {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          if (!(error instanceof StoreError) || !passes(error)) throw error;
          const headless = error.key === headKey(store);
          journal.note(headless ? "headless" : "trouble", error.kind);
          if (headless) tell("headless");
          await platform.wait(pauseMs * (1 + platform.random()));
        }
      }
    },
    count: () => noteCounts(journal, bucket.counts()),
  };
}

function passes({ kind }: StoreError): boolean {
  return kind === "unavailable" || kind === "conflict" || kind === "unauthorized";
}
