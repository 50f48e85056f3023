/** The model of the S3 benches: a table of rows, set whole. */
import { z } from "zod";
import { defineModel, table } from "../shared/index.ts";

export const benchModel = defineModel({
  name: "bench",
  version: 1,
  state: { rows: table<{ readonly title: string; readonly done: boolean }>() },
  actions: (action) => ({
    putRow: action(
      z.object({ id: z.string(), title: z.string(), done: z.boolean() }),
      (state, { id, title, done }) => {
        state.rows.set(id, { title, done });
      },
    ),
  }),
});
