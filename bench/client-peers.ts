/**
 * Peers of a dispatch: one entity's field is changed, one subscriber is called and reads the new value. Each is used as its own
 * documents say, in production: development checks are off (client-production.ts, and Redux Toolkit's two middleware by option).
 */
import { configureStore, createEntityAdapter, createSlice } from "@reduxjs/toolkit";
import { Replicache, type WriteTransaction } from "replicache";
import { createStore } from "tinybase";
import { newRow, type Row, rowKey } from "./page/rows.ts";

/** A store with one subscriber. */
export interface Peer {
  readonly name: string;
  readonly perRound: number;
  /** Resolves as soon as the peer says that it is done; nothing where that is at once. */
  patch(id: string, n: number): Promise<void> | undefined;
  /** How often the subscriber was called, and the value that it read last. */
  readonly told: { readonly times: number; readonly n: number };
  /** What a turn left to do belongs to its time. */
  settled?(): Promise<void>;
  close(): Promise<void>;
}

type Entity = Row & { readonly id: string };

export function openRedux(entities: number): Peer {
  const adapter = createEntityAdapter<Entity>();
  const all = Array.from({ length: entities }, (_, i) => ({ id: rowKey(i), ...newRow(i) }));
  const slice = createSlice({
    name: "rows",
    initialState: adapter.getInitialState(undefined, all),
    reducers: { patchRow: adapter.updateOne },
  });
  const store = configureStore({
    reducer: slice.reducer,
    devTools: false,
    middleware: (defaults) => defaults({ immutableCheck: false, serializableCheck: false }),
  });
  const told = { times: 0, n: 0 };
  let last = "";
  store.subscribe(() => {
    told.times += 1;
    told.n = store.getState().entities[last]?.n ?? Number.NaN;
  });
  return {
    name: "Redux Toolkit updateOne",
    perRound: 2,
    told,
    patch(id, n) {
      last = id;
      store.dispatch(slice.actions.patchRow({ id, changes: { n } }));
      return undefined;
    },
    close: async () => undefined,
  };
}

export function openTinyBase(entities: number): Peer {
  const store = createStore();
  store.setTable(
    "rows",
    Object.fromEntries(Array.from({ length: entities }, (_, i) => [rowKey(i), { ...newRow(i) }])),
  );
  const told = { times: 0, n: 0 };
  store.addCellListener("rows", null, "n", (_store, table, row) => {
    told.times += 1;
    told.n = Number(store.getCell(table, row, "n"));
  });
  return {
    name: "TinyBase setCell",
    perRound: 2_000,
    told,
    patch(id, n) {
      store.setCell("rows", id, "n", n);
      return undefined;
    },
    close: async () => undefined,
  };
}

/** Its persisting in the background begins a second after a change; a filled store is left alone for this long. */
const replicacheIdleMs = 4_000;

/** Replicache 15 runs in Node as it is, over its own memory store: nothing stands in for anything. It has no server here. */
export async function openReplicache(entities: number): Promise<Peer> {
  const replica = new Replicache({
    name: "bench",
    kvStore: "mem",
    logLevel: "error",
    mutators: {
      async addAll(tx: WriteTransaction) {
        for (let i = 0; i < entities; i++) await tx.set(rowKey(i), { ...newRow(i) });
      },
      async patchRow(tx: WriteTransaction, { id, n }: { readonly id: string; readonly n: number }) {
        const row = await tx.get<{ title: string; n: number; done: boolean }>(id);
        if (row !== undefined) await tx.set(id, { ...row, n });
      },
    },
  });
  const told = { times: 0, n: 0 };
  await replica.mutate.addAll();
  await new Promise((resolve) => setTimeout(resolve, replicacheIdleMs));
  // A watch is handed the new value, so that no query has to be made for it.
  replica.experimentalWatch((changes) => {
    told.times += 1;
    const [change] = changes;
    if (change?.op === "change") told.n = (change.newValue as { readonly n: number }).n;
  });
  return {
    name: "Replicache mutate, awaited",
    perRound: 40,
    told,
    patch: (id, n) => replica.mutate.patchRow({ id, n }),
    close: () => replica.close(),
  };
}
