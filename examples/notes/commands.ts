/** What can be typed, and what it does: each is one action of the model, or a look. */
import { StoreError } from "../../shared/errors.ts";
import { type Timestamp, toTimestamp } from "../../shared/wire/time.ts";
import type { NotesStore } from "./view.ts";
import { listOf } from "./view.ts";

export const intro = `
  milk                 adds a note       edit 1 oat milk   changes it
  done 1 / undone 1    ticks it          rm 1              removes it
  offline / online     cuts the network  ago 2             the list as it was two minutes ago
  list                 shows it again    help or ?         shows this
  quit                 ends (Ctrl-D too)
`;

export interface Surroundings {
  readonly store: NotesStore;
  readonly name: string;
  readonly network: { online: boolean };
  readonly newId: () => string;
}

/** Gives what to say, or "quit". */
export async function answer(line: string, around: Surroundings): Promise<string> {
  const [word = "", first = "", ...rest] = line.trim().split(/\s+/);
  try {
    return await act(word, { first, rest: rest.join(" "), line: line.trim() }, around);
  } catch (error) {
    if (error instanceof StoreError) return error.message;
    throw error;
  }
}

interface Typed {
  readonly first: string;
  readonly rest: string;
  readonly line: string;
}

async function act(
  word: string,
  typed: Typed,
  { store, name, network, newId }: Surroundings,
): Promise<string> {
  const numbered = (use: (id: string) => unknown): string => {
    const id = [...store.state.notes.keys()][Number(typed.first) - 1];
    if (id === undefined) return `There is no note ${typed.first || "without a number"}.`;
    use(id);
    return "";
  };
  const added = (): string => {
    store.do.addNote({ id: newId(), text: typed.line, by: name });
    return "";
  };
  switch (word) {
    case "":
      return "";
    case "quit":
      return "quit";
    case "help":
    case "?":
      return typed.first === "" ? intro : added();
    case "list":
      return typed.first === "" ? listOf(store.state.notes) : added();
    case "done":
    case "undone":
      return numbered((id) => store.do.setDone({ id, done: word === "done" }));
    case "rm":
      return numbered((id) => store.do.removeNote({ id }));
    case "edit":
      return numbered((id) => store.do.setText({ id, text: typed.rest }));
    case "offline":
      network.online = false;
      return "Offline: what you write is kept on this disk.";
    case "online":
      network.online = true;
      store.sync.wake("online");
      return "Online again.";
    case "ago":
      return listOf((await store.at(minutesAgo(typed.first))).notes);
    default:
      return added();
  }
}

function minutesAgo(text: string): Timestamp {
  const minutes = Number(text || "1");
  return toTimestamp(Date.now() - 60_000 * (Number.isFinite(minutes) ? minutes : 1));
}
