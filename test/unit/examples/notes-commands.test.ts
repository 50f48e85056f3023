/** What can be typed into the notes: words that look, and words that write. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { answer, intro } from "../../../examples/notes/commands.ts";
import { openNotes } from "../../../examples/notes/open.ts";

test("help, ? and list show something and add no note; a note may begin with them.", async () => {
  const folder = await mkdtemp(join(tmpdir(), "icecore-notes-"));
  const store = openNotes(folder, "http://127.0.0.1:9");
  try {
    await store.loaded;
    let ids = 0;
    const network = { online: true };
    const say = (line: string) => answer(line, { store, name: "anna", network, newId: () => `n${++ids}` });
    for (const line of ["help", "?", " help "]) expect(await say(line)).toBe(intro);
    expect(await say("list")).toBe("  (no notes)");
    expect(store.state.notes.size).toBe(0);
    for (const line of ["list of guests", "help Ben", "? what for"]) expect(await say(line)).toBe("");
    expect([...store.state.notes.values()].map(({ text }) => text)).toEqual([
      "list of guests",
      "help Ben",
      "? what for",
    ]);
    expect(await say("list")).toContain("2.   help Ben");
    for (const word of ["help or ?", "list "]) expect(intro).toContain(word);
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
});
