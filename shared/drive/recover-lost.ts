/**
 * What of a store's log is lost, checked apart from the reasoning that found it (log/recover-plan.ts): nothing is left out without a word.
 *
 * By names: of segments that cannot be read, and of what was made of a log that went further. By what they hold: segments beside the log.
 * One that was never linked holds only what the log holds too, or what still lies there as raw updates; and one that goes on behind a gap
 * holds nothing that the log before the gap holds.
 */
import type { ChainPlan, SegmentFact } from "../log/recover-plan.ts";
import type { AppId, StoreId } from "../wire/ids.ts";
import { parseUpdateKey, updatesPrefix } from "../wire/keys.ts";
import { holds, type Marks } from "../wire/marks.ts";
import { formatTimestamp, type Timestamp, zeroTimestamp } from "../wire/time.ts";
import { parseUpdate, type StampedUpdate } from "../wire/update.ts";
import { eachListed, eachSegment, readNamed } from "./audit-read.ts";
import type { Leftovers, SegmentsRead } from "./recover-read.ts";
import type { Place } from "./recover-replace.ts";
import type { Host } from "./run.ts";

export interface LostInput {
  readonly store: StoreId;
  readonly left: Leftovers;
  readonly plan: ChainPlan;
  readonly damaged: SegmentsRead["damaged"];
  /** The log's end, and its marks there. */
  readonly through: Timestamp;
  readonly marks: Marks;
  /** Where a head's log ended, when there still is a good one. */
  readonly place: Place | null;
}

/** In words, one for each object. */
export async function findLost(host: Host, input: LostInput): Promise<readonly string[]> {
  return [...lostPlace(input), ...(await lostBeside(host, input)), ...lostByName(input)];
}

/** What leads to the place of a head is its whole log: the hash there runs over every update before it. */
function isReached({ plan, place }: LostInput): boolean {
  return [...plan.chain, ...plan.ends].some(
    ({ through, hash }) => through === place?.through && hash === place.hash,
  );
}

function lostPlace(input: LostInput): readonly string[] {
  const { place } = input;
  if (place === null || isReached(input)) return [];
  return [`nothing that is left leads to ${formatTimestamp(place.through)}, where the head's log ends`];
}

/** A damaged segment behind the tip may be the one that was linked: ends that are whole may lack what it had published. */
function lostByName(input: LostInput): readonly string[] {
  const { plan, damaged, left, through, place } = input;
  const known = place !== null && isReached(input) ? place : plan.chain.at(-1);
  const tip = known?.through ?? zeroTimestamp;
  const beyond = left.built.filter(
    ({ kind, through: end }) => kind !== "segments" && kind !== "sweeps" && end > through,
  );
  return [
    ...damaged.filter((one) => one.through > tip).map(({ key, what }) => `${key} is damaged: ${what}`),
    ...beyond.map(({ key }) => `${key} was made of a log that went further: its segments are lost`),
  ];
}

interface Beside {
  readonly fact: SegmentFact;
  readonly goesOn: boolean;
  /** Its updates that the log does not hold. */
  readonly others: readonly StampedUpdate[];
}

async function lostBeside(host: Host, { store, plan, marks }: LostInput): Promise<readonly string[]> {
  const { unreachable, branches } = plan;
  const behindGap = new Set(unreachable);
  const beside: Beside[] = [];
  await eachSegment(host, { store, entries: [...unreachable, ...branches] }, (fact, read) => {
    if (read.is !== "found") return;
    const { updates } = read.value;
    const others = updates.filter((update) => !holds(marks, update));
    beside.push({ fact, others, goesOn: behindGap.has(fact) && others.length === updates.length });
  });
  const apps = new Set(beside.flatMap(({ others }) => others.map(({ app }) => app)));
  const raw = await readRawNames(host, store, apps);
  return beside.flatMap(({ fact, others, goesOn }) => {
    const missing = others.filter((update) => !raw.has(nameOf(update))).length;
    if (goesOn)
      return [`${fact.key} begins at ${formatTimestamp(fact.from)}, and the segment before it is lost`];
    return missing === 0
      ? []
      : [`${fact.key} lies beside the log, and ${missing} of its updates are nowhere else`];
  });
}

/** App and seq of every raw update of these apps. */
async function readRawNames(
  host: Host,
  store: StoreId,
  apps: ReadonlySet<AppId>,
): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  if (apps.size === 0) return names;
  await eachListed(host, updatesPrefix(store), async (page) => {
    for (const { key } of page) {
      const name = parseUpdateKey(key);
      if (name?.store !== store || !apps.has(name.app)) continue;
      const read = await readNamed(host, { store, key }, parseUpdate);
      if (read.is === "found") names.add(nameOf(read.value));
    }
  });
  return names;
}

function nameOf({ app, seq }: { readonly app: AppId; readonly seq: number }): string {
  return `${app} ${seq}`;
}
