/**
 * importLog: appends the updates of an export to a store, one after another, each acknowledged before the next.
 *
 * It goes through the protocol like any writer, beside others; what the target has is skipped, so that it may be stopped at any
 * moment and run again. While it runs, no app of the export may write to the target by itself: both would use one seq.
 */
import { assert, StoreError } from "../errors.ts";
import type { ImportDecision } from "../log/import-plan.ts";
import { madeAnew } from "../log/troubles.ts";
import type { ExportTrailer } from "../wire/export.ts";
import type { AppId, StoreId } from "../wire/ids.ts";
import type { Timestamp } from "../wire/time.ts";
import type { StampedUpdate, Update } from "../wire/update.ts";
import { type ImportSource, readExport } from "./import-lines.ts";
import { type ImportTarget, readTarget } from "./import-target.ts";
import type { Host } from "./run.ts";
import { createStore } from "./store.ts";
import { createWriter, type Writer } from "./writer.ts";

export interface ImportOptions extends ImportSource {
  /** Told when the store had no head and was made. */
  readonly onMade?: () => void;
  /** Told after each line of an update. */
  readonly onProgress?: (counts: ImportCounts) => void;
}

export interface ImportCounts {
  /** Updates appended. */
  readonly imported: number;
  /** Updates that the target had. */
  readonly alreadyThere: number;
  /** Of those appended, how many went to stand-ins, and of how many apps. */
  readonly underNewIds: number;
  readonly appsUnderNewIds: number;
  /** Actions that were left out of appended updates, because the target had them. */
  readonly actionsLeftOut: number;
}

export interface ImportReport extends ImportCounts {
  readonly made: boolean;
  /** Where the export ends, in the time of the store that was exported. */
  readonly through: Timestamp;
}

/** Answers of "later" that are waited for: each stands for about two minutes without a clear answer of the bucket. */
const triesMax = 5;

/** Throws StoreError, for a fault of the export with the line's number; what was imported by then stays. */
export async function importLog(host: Host, options: ImportOptions): Promise<ImportReport> {
  const { store, onMade, onProgress } = options;
  const lines = readExport(host, options);
  try {
    // 1. The header: of anything else no store is made.
    await lines.next();
    const made = await createStore(host, store);
    if (made) onMade?.();
    // 2. What the target has.
    const target = await readTarget(host, store);
    const work = createWork(host, store, target);
    for (const update of target.unsure) await work.settle(update);
    // 3. Line by line.
    let trailer: ExportTrailer | null = null;
    for await (const line of lines) {
      if (line.is === "trailer") trailer = line.trailer;
      if (line.is !== "update") continue;
      await work.take(line.update).catch((error) => rethrow(error, { store, number: line.number }));
      onProgress?.(work.counts);
    }
    assert(trailer !== null, "an export is read to its trailer, or fails");
    return { ...work.counts, made, through: trailer.through };
  } finally {
    await lines.return(undefined);
  }
}

const noCounts: ImportCounts = {
  imported: 0,
  alreadyThere: 0,
  underNewIds: 0,
  appsUnderNewIds: 0,
  actionsLeftOut: 0,
};

interface Work {
  readonly counts: ImportCounts;
  take(line: StampedUpdate): Promise<void>;
  /** Sends again what may have been stored too late. */
  settle(update: Update): Promise<void>;
}

function createWork(host: Host, store: StoreId, { epoch, plan }: ImportTarget): Work {
  const writer = createWriter(host, store);
  const renamedApps = new Set<AppId>();
  let counts = noCounts;

  async function settle(update: Update): Promise<void> {
    plan.noteStored(update, await send({ host, store, epoch, writer }, update));
  }

  return {
    get counts() {
      return counts;
    },
    settle,
    async take(line) {
      const decision = plan.decide(line);
      if (decision.is === "append") await settle(decision.update);
      if (decision.is === "append" && decision.renamed) renamedApps.add(line.app);
      counts = { ...counted(counts, decision), appsUnderNewIds: renamedApps.size };
    },
  };
}

function counted(counts: ImportCounts, decision: ImportDecision): ImportCounts {
  if (decision.is === "there") return { ...counts, alreadyThere: counts.alreadyThere + 1 };
  return {
    ...counts,
    imported: counts.imported + 1,
    underNewIds: counts.underNewIds + (decision.renamed ? 1 : 0),
    actionsLeftOut: counts.actionsLeftOut + decision.leftOut,
  };
}

interface Target {
  readonly host: Host;
  readonly store: StoreId;
  readonly epoch: string;
  readonly writer: Writer;
}

/** Until it is acknowledged, in the life of the store that was read. */
async function send({ host, store, epoch, writer }: Target, update: Update): Promise<Timestamp> {
  for (let tries = 1; ; tries++) {
    const outcome = await writer.append(update);
    if (outcome.is === "stored") {
      if (outcome.known.head.epoch !== epoch) throw new StoreError(madeAnew(store));
      return outcome.timestamp;
    }
    if (tries >= triesMax) throw gaveUp(store, outcome.reason);
    await host.platform.wait(outcome.retryAfterMs, host.signal);
  }
}

function gaveUp(store: StoreId, reason: string): StoreError {
  return new StoreError({
    kind: "unavailable",
    what: `Store "${store}" took no update in ${triesMax} tries: ${reason}`,
    fix: "Wait until the bucket can be reached.",
    store,
  });
}

/** With how far it came. */
function rethrow(
  error: unknown,
  { store, number }: { readonly store: StoreId; readonly number: number },
): never {
  if (!(error instanceof StoreError)) throw error;
  const { kind, what, fix } = error;
  const came = `The import came to line ${number} of the export: ${what}`;
  const again = "Then run the import again: it goes on from there.";
  const next = kind === "closed" ? "Run the import again: it goes on from there." : `${fix} ${again}`;
  throw new StoreError({ kind, what: came, fix: next, store }, error);
}
