/**
 * What an import must know of its target before the first line: every update that its log has or is sure to come to have.
 *
 * Reads the whole log, then the raw updates above it, also the sealed ones that a tail does not show. Holds ids and seqs,
 * about 100 bytes for each update and action of the target, no contents.
 */
import { StoreError } from "../errors.ts";
import { createImportPlan, type ImportPlan, splitRaw } from "../log/import-plan.ts";
import { orderAndDrop } from "../log/publish-build.ts";
import { tail } from "../log/tail.ts";
import { madeAnew, tooBusy } from "../log/troubles.ts";
import type { Replica } from "../ports/replica.ts";
import type { StoreId } from "../wire/ids.ts";
import type { Update } from "../wire/update.ts";
import { createReader } from "./reader.ts";
import { type Host, run } from "./run.ts";
import { readStoreHead } from "./store.ts";

export interface ImportTarget {
  readonly epoch: string;
  readonly plan: ImportPlan;
  /** Stored, but perhaps too late: to be sent again, unchanged, before anything else. */
  readonly unsure: readonly Update[];
}

export async function readTarget(host: Host, store: StoreId): Promise<ImportTarget> {
  const { sha256 } = host.platform;
  let given = await readStoreHead(host, store);
  const { epoch } = given.head;
  const plan = createImportPlan({ epoch, sha256 });
  const replica: Replica = {
    reset: () => madeAnew(store),
    load: () => null,
    apply({ updates }) {
      plan.noteThere(updates);
      return null;
    },
  };
  const reader = createReader(host, { store, replica, history: true });
  for (let tries = 0; tries < host.settings.attemptsMax; tries++) {
    const { held } = await reader.poll({ given });
    const { known, marks } = held;
    const outcome = await run(tail, { store, known, marks, seen: {} }, host);
    if (outcome.is === "tail") {
      const raw = outcome.marks ? orderAndDrop(Object.values(outcome.seen), outcome.marks, sha256).kept : [];
      const { sure, unsure } = splitRaw(raw, outcome.known.head.sealedThrough);
      plan.noteThere(sure);
      return { epoch, plan, unsure: unsure.map(({ timestamp: _, ...update }) => update) };
    }
    given = await readStoreHead(host, store);
  }
  throw new StoreError(tooBusy(store, "import"));
}
