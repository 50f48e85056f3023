/** The list on the terminal, printed anew when it has changed, whoever changed it. */
import type { Interface } from "node:readline";
import type { openNotes } from "./open.ts";

export type NotesStore = ReturnType<typeof openNotes>;

export function listOf(notes: NotesStore["state"]["notes"]): string {
  if (notes.size === 0) return "  (no notes)";
  return [...notes]
    .map(
      ([, { text, by, done }], i) => `  ${i + 1}. ${done ? "✓" : " "} ${printable(text)}  — ${printable(by)}`,
    )
    .join("\n");
}

/** What others wrote must not steer this terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "·");
}

export function createView(store: NotesStore, input: Interface, name: string) {
  let shown = "";
  let stable = "starting";
  let stop = (): void => undefined;

  function picture(): string {
    const { phase, pending, dead, error } = store.sync.status;
    // A round that runs says nothing new of how things stand.
    if (phase !== "syncing") stable = phase;
    const waiting = pending === 0 ? "all sent" : `${pending} not sent yet`;
    const trouble = dead > 0 ? `, ${dead} set aside` : error && stable !== "offline" ? `: ${error.what}` : "";
    return `${listOf(store.state.notes)}\n  [${name}: ${stable}, ${waiting}${trouble}]`;
  }

  function show(said: string): void {
    const next = picture();
    if (said) console.log(said);
    if (next !== shown) console.log(`\n${next}`);
    shown = next;
    input.prompt();
  }

  return {
    show,
    start() {
      input.setPrompt("> ");
      let due = false;
      stop = store.subscribe(() => {
        if (due) return;
        due = true;
        // What one round changes is one picture.
        setTimeout(() => {
          due = false;
          if (picture() !== shown) show("");
        }, 100);
      });
      show("");
    },
    stop: () => stop(),
  };
}
