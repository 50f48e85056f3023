/** What a client says of its synchronisation, from what happened last. Pure. */
import { StoreError } from "../shared/errors.ts";
import type { Outbox } from "./outbox.ts";
import type { SyncPhase, SyncStatus } from "./store.ts";

/** What is remembered between changes; the rest of a status is read off the outbox. */
export type Condition = Omit<SyncStatus, "pending" | "dead" | "position" | "savedLocally">;

export const firstCondition: Condition = {
  phase: "starting",
  syncedAt: null,
  error: null,
  waiting: null,
  divergence: null,
  epochs: 0,
  cloned: false,
};

export function statusOf(
  condition: Condition,
  { updates, waiting, dead }: Outbox,
  { position, trouble }: { readonly position: SyncStatus["position"]; readonly trouble: StoreError | null },
): SyncStatus {
  const sent = updates.reduce((sum, { update }) => sum + update.actions.length, 0);
  // Where the rows are gone ("closed") all that was in them is in memory alone.
  const savedLocally = trouble === null && condition.error?.kind !== "closed";
  return { ...condition, savedLocally, pending: sent + waiting.length, dead: dead.length, position };
}

const phases: Readonly<Partial<Record<StoreError["kind"], SyncPhase>>> = {
  unauthorized: "unauthorized",
  incompatible: "upgrade",
  corrupt: "corrupt",
};

/** A round failed. Whatever will pass by itself counts as offline. */
export function afterFailure(condition: Condition, error: unknown): Condition {
  const known = error instanceof StoreError ? error : unexpected(error);
  return { ...condition, phase: phases[known.kind] ?? "offline", error: known };
}

/** Local data could not be loaded: only what says something of the data itself has a phase of its own. */
export function afterFailedLoad(condition: Condition, error: unknown): Condition {
  const { phase, error: known } = afterFailure(condition, error);
  return {
    ...condition,
    phase: phase === "corrupt" || phase === "upgrade" ? phase : condition.phase,
    error: known,
  };
}

function unexpected(error: unknown): StoreError {
  return new StoreError(
    {
      kind: "unavailable",
      what: `Synchronising failed: ${error instanceof Error ? error.message : String(error)}`,
      fix: "It is tried again; nothing is lost.",
    },
    error,
  );
}
