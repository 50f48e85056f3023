/** The model of a stress run: counts each writer's actions. Every action changes it, so one lost or applied twice shows. */
import { z } from "zod";
import { defineModel, table } from "../../shared/index.ts";

export const model = defineModel({
  name: "stress",
  version: 1,
  state: { writers: table<{ readonly actions: number; readonly lastSeq: number }>() },
  actions: (action) => ({
    count: action(
      z.object({ writer: z.string(), seq: z.number(), padding: z.string() }),
      (state, { writer, seq }) => {
        const actions = (state.writers.get(writer)?.actions ?? 0) + 1;
        state.writers.set(writer, { actions, lastSeq: seq });
      },
    ),
  }),
});
