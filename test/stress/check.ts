/**
 * The checkers of a stress run, apart from what they check: a fresh reader's log against what every writer's journal says was
 * acknowledged, the order of each app, the state, and the audit of every object.
 */
import { auditStore } from "../../shared/drive/audit.ts";
import { createReplay } from "../../shared/drive/replay.ts";
import type { Host } from "../../shared/drive/run.ts";
import { scanLog } from "../../shared/drive/store.ts";
import type { StoreId } from "../../shared/wire/ids.ts";
import type { Timestamp } from "../../shared/wire/time.ts";
import type { StampedUpdate } from "../../shared/wire/update.ts";
import { model } from "./model.ts";
import { actionsIn, stressApp, stressUpdate } from "./updates.ts";

export interface Acknowledged {
  readonly writer: number;
  readonly seq: number;
  readonly timestamp: number;
}

export interface Verdict {
  readonly acknowledged: number;
  /** Acknowledged updates that the log holds. */
  readonly replayed: number;
  readonly lost: number;
  /** Updates or actions that the log holds more than once. */
  readonly doubled: number;
  /** Everything else that is wrong, in words. */
  readonly faults: readonly string[];
  readonly published: number;
}

export async function checkStore(
  host: Host,
  store: StoreId,
  { acknowledged, writers }: { readonly acknowledged: readonly Acknowledged[]; readonly writers: number },
): Promise<Verdict> {
  const log: StampedUpdate[] = [];
  await scanLog(host, { store, onRange: ({ updates }) => void log.push(...updates) });
  const places = new Map<string, StampedUpdate>(log.map((update) => [update.id, update]));
  const found = acknowledged.map((one) => ({ ...one, place: places.get(idOf(one)) }));
  const late = found.filter(({ place, timestamp }) => place && place.timestamp > timestamp);
  const replayed = found.filter(({ place }) => place).length;
  return {
    acknowledged: acknowledged.length,
    replayed,
    lost: acknowledged.length - replayed,
    doubled:
      doubledIn(log.map(({ id }) => id)) +
      doubledIn(log.flatMap(({ actions }) => actions.map(({ id }) => id))),
    faults: [
      ...late.map(
        ({ writer, seq }) => `update ${seq} of writer ${writer} was published later than it was acknowledged`,
      ),
      ...orderFaults(log, writers),
      ...(await stateFaults(host, store, log, writers)),
      ...(await auditFaults(host, store)),
    ],
    published: log.length,
  };
}

function idOf({ writer, seq }: Acknowledged): string {
  return stressUpdate(writer, seq, 0 as Timestamp).id;
}

function doubledIn(ids: readonly string[]): number {
  return ids.length - new Set(ids).size;
}

/** Each app's updates stand in the order in which it made them, without a gap: it never sends one before the last is settled. */
function orderFaults(log: readonly StampedUpdate[], writers: number): readonly string[] {
  return Array.from({ length: writers }, (_, writer) => {
    const seqs = log.filter(({ app }) => app === stressApp(writer)).map(({ seq }) => seq);
    const wrong = seqs.findIndex((seq, i) => seq !== i + 1);
    return wrong < 0 ? undefined : `writer ${writer}: seq ${seqs[wrong]} stands where ${wrong + 1} should`;
  }).filter((fault) => fault !== undefined);
}

/** The snapshot and what follows it count what the log holds. */
async function stateFaults(
  host: Host,
  store: StoreId,
  log: readonly StampedUpdate[],
  writers: number,
): Promise<readonly string[]> {
  const state = (await createReplay(host, { store, model }).advanceTo()).state();
  return Array.from({ length: writers }, (_, writer) => {
    const seqs = log.filter(({ app }) => app === stressApp(writer)).map(({ seq }) => seq);
    const expected = seqs.reduce((sum, seq) => sum + actionsIn(writer, seq), 0);
    const counted = state.writers.get(`w${writer}`)?.actions ?? 0;
    return counted === expected
      ? undefined
      : `writer ${writer}: the state counts ${counted} actions, the log ${expected}`;
  }).filter((fault) => fault !== undefined);
}

async function auditFaults(host: Host, store: StoreId): Promise<readonly string[]> {
  const { findings, statesCompared } = await auditStore(host, { store, model: model as never });
  const faults = findings.map(({ severity, key, what }) => `verify: ${severity}: ${key}: ${what}`);
  return statesCompared > 0 ? faults : [...faults, "verify compared no state"];
}
