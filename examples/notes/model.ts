/** A list of notes that several people write: what may be done to it, and what it looks like afterwards. */
import { z } from "zod";
import { defineModel, table } from "../../shared/index.ts";

export interface Note {
  readonly text: string;
  readonly by: string;
  readonly done: boolean;
}

const id = z.string().min(1).max(40);
const text = z.string().trim().min(1).max(500);

export const notesModel = defineModel({
  name: "notes",
  version: 1,
  state: { notes: table<Note>() },
  actions: (action) => ({
    addNote: action(z.object({ id, text, by: z.string().max(40) }), (state, { id: note, text: of, by }) =>
      state.notes.addIfAbsent(note, { text: of, by, done: false }),
    ),
    setText: action(z.object({ id, text }), (state, { id: note, text: of }) =>
      state.notes.patch(note, { text: of }),
    ),
    setDone: action(z.object({ id, done: z.boolean() }), (state, { id: note, done }) =>
      state.notes.patch(note, { done }),
    ),
    removeNote: action(z.object({ id }), (state, { id: note }) => state.notes.delete(note)),
  }),
});
