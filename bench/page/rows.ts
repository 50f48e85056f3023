/** The model of the client's benches: one table of rows. Runs in pages as well. */
import { z } from "zod";
import { defineModel, table } from "../../shared/index.ts";
import { parseStoreId, type StoreId } from "../../shared/wire/ids.ts";

export interface Row {
  readonly title: string;
  readonly n: number;
  readonly done: boolean;
}

export const clientModel = defineModel({
  name: "bench",
  version: 1,
  state: { rows: table<Row>() },
  actions: (action) => ({
    addRows: action(z.object({ from: z.number(), count: z.number() }), (state, { from, count }) => {
      for (let i = from; i < from + count; i++) state.rows.addIfAbsent(rowKey(i), newRow(i));
    }),
    patchRow: action(
      z.object({ id: z.string(), n: z.number(), note: z.string().optional() }),
      (state, { id, n }) => state.rows.patch(id, { n }),
    ),
  }),
});

/** Not an array index as text: those are kept apart by every engine. */
export function rowKey(i: number): string {
  return `row-${String(i).padStart(8, "0")}`;
}

export function newRow(i: number): Row {
  return { title: `Row number ${i}`, n: 0, done: i % 3 === 0 };
}

export function benchStoreId(): StoreId {
  const store = parseStoreId("bench");
  if (!store) throw new Error("no store id");
  return store;
}
