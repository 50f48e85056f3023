/** The model of a chaos run: what every client made, and a table that all of them write to. */
import { z } from "zod";
import { defineModel, table } from "../../shared/index.ts";

export const chaosModel = defineModel({
  name: "chaos",
  version: 1,
  state: {
    clients: table<{ readonly made: number; readonly last: number }>(),
    keys: table<{ readonly by: string; readonly count: number }>(),
  },
  actions: (action) => ({
    work: action(
      z.object({ client: z.string(), count: z.number(), key: z.string() }),
      (state, { client, count, key }) => {
        const made = (state.clients.get(client)?.made ?? 0) + 1;
        state.clients.set(client, { made, last: count });
        state.keys.set(key, { by: client, count });
      },
    ),
  }),
});
