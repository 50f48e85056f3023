/** Two releases of one model: the second has another state, a new action, and upcasts what the first one made. */
import { z } from "zod";
import { defineModel, table } from "../../shared/index.ts";

interface NoteOne {
  readonly text: string;
}

interface NoteTwo extends NoteOne {
  readonly stars: number;
}

const added = z.object({ id: z.string(), text: z.string() });

export const notesOne = defineModel({
  name: "notes",
  version: 1,
  state: { notes: table<NoteOne>() },
  actions: (action) => ({
    addNote: action(added, (state, { id, text }) => state.notes.addIfAbsent(id, { text })),
  }),
});

export const notesTwo = defineModel({
  name: "notes",
  version: 2,
  state: { notes: table<NoteTwo>() },
  actions: (action) => ({
    addNote: action(added.extend({ stars: z.number() }), (state, { id, text, stars }) =>
      state.notes.addIfAbsent(id, { text, stars }),
    ),
    setStars: action(z.object({ id: z.string(), stars: z.number() }), (state, { id, stars }) =>
      state.notes.patch(id, { stars }),
    ),
  }),
  upcasters: { addNote: { 1: (old) => ({ ...(old as object), stars: 0 }) } },
  migrate: {
    1: (old) => {
      const { notes } = old as { readonly notes: Readonly<Record<string, NoteOne>> };
      return {
        notes: Object.fromEntries(Object.entries(notes).map(([id, note]) => [id, { ...note, stars: 0 }])),
      };
    },
  },
});
