/** An app's own model, for its own stack. A file of test/consumer: compiled and bundled by scripts/consumer-cdk.ts over the packed package. */
import { z } from "zod";
import { defineModel, table } from "../../shared/index.ts";

interface Note {
  readonly text: string;
}

export const model = defineModel({
  name: "notes",
  version: 1,
  state: { notes: table<Note>() },
  actions: (action) => ({
    addNote: action(z.object({ id: z.string(), text: z.string() }), (state, { id, text }) =>
      state.notes.addIfAbsent(id, { text }),
    ),
  }),
});
