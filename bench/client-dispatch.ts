/**
 * A dispatch on a large state: one entity's field is changed, one subscriber reads the new state. Two kinds are compared, each with its
 * like: what is in the state when the call returns, and what is in the store's own storage when the promise resolves. That storage is
 * memory on both sides (memoryLocal; Replicache's "mem", whose promise tells of its memory, too), so no disk is in any figure.
 */
import { createNodePlatform } from "../bucket/platform/node.ts";
import type { Local } from "../client/local/local.ts";
import { openStore } from "../client/open-store.ts";
import { copyToMemory } from "./client-model.ts";
import { openRedux, openReplicache, openTinyBase, type Peer } from "./client-peers.ts";
import { type Contender, median, ratioOf, seededRandom, timedBy, timeInRounds } from "./client-rounds.ts";
import { benchStoreId, clientModel, rowKey } from "./page/rows.ts";

export interface DispatchMeasure {
  readonly name: string;
  readonly us: number;
  readonly beside: string;
  readonly besideUs: number;
  /** Above 1 where icecore is slower. */
  readonly ratio: number;
}

export interface DispatchReport {
  readonly entities: number;
  readonly measures: readonly DispatchMeasure[];
  /** Contenders whose subscriber was not called exactly once a change, or read another value. */
  readonly off: readonly string[];
}

const names = {
  shown: "icecore do",
  full: "icecore do, 10,000 actions in the outbox",
  saved: "icecore do, savedLocally awaited",
} as const;
const queued = 10_000;
const rounds = { rounds: 11, warm: 4 };

export async function measureDispatches(filled: Local, entities: number): Promise<DispatchReport> {
  const peers = [
    await openIcecore(filled, { name: names.shown, waits: false, before: 0 }),
    await openIcecore(filled, { name: names.full, waits: false, before: queued }),
    await openIcecore(filled, { name: names.saved, waits: true, before: 0 }),
    openRedux(entities),
    openTinyBase(entities),
    await openReplicache(entities),
  ] as const;
  const off: string[] = [];
  const times = await timeInRounds(
    peers.map((peer, i) => contenderOf(peer, { seed: i + 1, entities, off })),
    rounds,
  );
  for (const peer of peers) await peer.close();
  const [, , , redux, tinyBase, replicache] = peers;
  const pairs = [
    [names.shown, redux.name],
    [names.shown, tinyBase.name],
    [names.saved, replicache.name],
    [names.saved, names.shown],
    [names.full, names.shown],
  ] as const;
  const measures = pairs.map(([name, beside]) => {
    const [ours, theirs] = [timedBy(name, times), timedBy(beside, times)];
    const ratio = ratioOf(ours, theirs);
    return { name, us: median(ours.us), beside, besideUs: median(theirs.us), ratio };
  });
  return { entities, measures, off };
}

interface Contest {
  readonly seed: number;
  readonly entities: number;
  /** Takes the names of those that did not do what they were asked. */
  readonly off: string[];
}

function contenderOf(peer: Peer, { seed, entities, off }: Contest): Contender {
  const random = seededRandom(seed);
  let n = 0;
  return {
    name: peer.name,
    perRound: peer.perRound,
    async run(count) {
      const before = peer.told.times;
      let done: Promise<void> | undefined;
      for (let i = 0; i < count; i++) {
        done = peer.patch(rowKey(random(entities)), ++n);
        if (done !== undefined) await done;
      }
      await peer.settled?.();
      const right = peer.told.times - before === count && peer.told.n === n;
      if (!right && !off.includes(peer.name)) off.push(peer.name);
    },
  };
}

interface Opening {
  readonly name: string;
  readonly waits: boolean;
  /** Actions made before, which wait in the outbox for ever: there is no remote. */
  readonly before: number;
}

async function openIcecore(filled: Local, { name, waits, before }: Opening): Promise<Peer> {
  const store = openStore({
    model: clientModel,
    storeId: benchStoreId(),
    local: await copyToMemory(filled),
    platform: createNodePlatform(),
  });
  await store.loaded;
  let saved = Promise.resolve();
  for (let i = 0; i < before; i++) saved = store.do.patchRow({ id: rowKey(i), n: 1 }).savedLocally;
  await saved;
  const told = { times: 0, n: 0 };
  let last = "";
  store.subscribe(() => {
    told.times += 1;
    told.n = store.state.rows.get(last)?.n ?? Number.NaN;
  });
  return {
    name,
    perRound: 2_000,
    told,
    patch(id, n) {
      last = id;
      saved = store.do.patchRow({ id, n }).savedLocally;
      return waits ? saved : undefined;
    },
    settled: () => saved,
    close: () => store.close(),
  };
}
