/**
 * The model: the files of a repository at one commit, by path.
 *
 * A whole file is the minimal unit here: git keeps whole files, and two versions of one are told apart by their ids, not
 * by their lines. So `putFile` replaces an entry where a model for people who type at once would change part of it. It
 * says what the file *is*, never what it was before: given twice, it changes nothing more.
 */
import { z } from "zod";
import { defineModel, table } from "../../shared/index.ts"; // in an app: from "icecore"

/** Six octal digits, as `git ls-tree` prints them: 100644, 100755 (executable), 120000 (link), 160000 (submodule). */
const mode = z.string().regex(/^[0-7]{6}$/);
const path = z.string().min(1);
/** A file's bytes as text, or in base 64 where they are no UTF-8. */
const content = { content: z.string(), encoding: z.enum(["text", "base64"]) };
/** Git's id alone: a submodule's commit, or contents that are too large for the log. */
const blob = { blob: z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/) };

const putFile = z.union([
  z.strictObject({ path, mode, ...content }),
  z.strictObject({ path, mode, ...blob }),
]);
const removeFile = z.strictObject({ path });

export type PutFile = z.infer<typeof putFile>;
export type RemoveFile = z.infer<typeof removeFile>;
/** An entry of the table `files`: everything of `putFile` but the path, which is its key. */
export type StoredFile =
  | { readonly mode: string; readonly content: string; readonly encoding: "text" | "base64" }
  | { readonly mode: string; readonly blob: string };

export const model = defineModel({
  name: "git-history",
  version: 1,
  state: { files: table<StoredFile>() },
  actions: (action) => ({
    putFile: action(putFile, (state, { path, ...file }) => state.files.set(path, file)),
    removeFile: action(removeFile, (state, { path }) => state.files.delete(path)),
  }),
});
