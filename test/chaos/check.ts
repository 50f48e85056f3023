/** The checkers of a chaos run: what every client's journal says was acknowledged against the log, each client's order, and all states. */
import { createHash } from "node:crypto";
import { auditStore } from "../../shared/drive/audit.ts";
import { createReplay } from "../../shared/drive/replay.ts";
import type { Host } from "../../shared/drive/run.ts";
import { scanLog } from "../../shared/drive/store.ts";
import { canonicalText } from "../../shared/json.ts";
import type { StoreId } from "../../shared/wire/ids.ts";
import type { StampedUpdate } from "../../shared/wire/update.ts";
import { chaosModel } from "./model.ts";

export interface ChaosVerdict {
  readonly acknowledged: number;
  readonly replayed: number;
  readonly lost: number;
  readonly doubled: number;
  readonly faults: readonly string[];
}

type Journal = readonly (readonly string[])[];

export async function checkChaos(
  host: Host,
  store: StoreId,
  journals: readonly Journal[],
): Promise<ChaosVerdict> {
  const log: StampedUpdate[] = [];
  await scanLog(host, { store, onRange: ({ updates }) => void log.push(...updates) });
  const ids = log.flatMap(({ actions }) => actions.map(({ id }) => id as string));
  const found = new Set(ids);
  const wordsOf = (word: string) => journals.flatMap((lines) => lines.filter(([one]) => one === word));
  const acknowledged = new Set(wordsOf("acked").map(([, id = ""]) => id));
  const saved = new Set(wordsOf("saved").map(([, id = ""]) => id));
  const replayed = [...acknowledged].filter((id) => found.has(id)).length;
  const unpublished = [...saved].filter((id) => !found.has(id)).length;
  return {
    acknowledged: acknowledged.size,
    replayed,
    lost: acknowledged.size - replayed + unpublished,
    doubled: ids.length - found.size,
    faults: [
      ...orderFaults(log),
      ...(await stateFaults(host, store, journals)),
      ...(await auditFaults(host, store)),
      ...wordsOf("status")
        .filter(([, cloned, diverged]) => cloned === "true" || diverged === "true")
        .map((words) => `a client says ${words.join(" ")}`),
    ],
  };
}

/** An app's actions stand in the log in the order of their ids, which is the order in which they were made. */
function orderFaults(log: readonly StampedUpdate[]): readonly string[] {
  const last = new Map<string, string>();
  const faults: string[] = [];
  for (const { app, actions } of log)
    for (const { id } of actions) {
      if (id <= (last.get(app) ?? "")) faults.push(`app ${app}: action ${id} stands after a later one`);
      last.set(app, id);
    }
  return faults;
}

/** All clients ended with the same state, and it is the one that a fresh replay gives. */
async function stateFaults(
  host: Host,
  store: StoreId,
  journals: readonly Journal[],
): Promise<readonly string[]> {
  const state = (await createReplay(host, { store, model: chaosModel, fromStart: true }).advanceTo()).state();
  const all = [...state.clients].concat([...state.keys] as never);
  const expected = createHash("sha256")
    .update(canonicalText(all as never))
    .digest("hex");
  return journals.flatMap((lines, i) => {
    const [, hash] = lines.findLast(([word]) => word === "state") ?? [];
    return hash === expected ? [] : [`client ${i} ended with another state than the log's`];
  });
}

async function auditFaults(host: Host, store: StoreId): Promise<readonly string[]> {
  const { findings } = await auditStore(host, { store, model: chaosModel as never });
  return findings.map(({ severity, key, what }) => `verify: ${severity}: ${key}: ${what}`);
}
