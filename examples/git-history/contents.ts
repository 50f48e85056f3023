/**
 * Contents as they go into an action, and back: text where the bytes are UTF-8, else base 64, else their id alone.
 *
 * The way back is what the check rests on: an id is computed anew from the replayed bytes, never copied.
 */
import { createHash } from "node:crypto";
import { canonicalText, utf8Length } from "../../shared/json.ts";
import type { Repository, TreeEntry } from "./git.ts";
import type { Contents } from "./git-blobs.ts";
import type { PutFile, StoredFile } from "./model.ts";

/** Larger contents stay outside of the log: their id alone is stored. */
export const contentBytesMax = 256 * 1024;

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The first faithful form whose JSON has at most `jsonBytesMax` bytes. Without contents (a submodule): the id alone. */
export function toPutFile(
  path: string,
  entry: TreeEntry,
  contents: Contents | undefined,
  jsonBytesMax: number,
): PutFile {
  const { mode, id } = entry;
  const alone: PutFile = { path, mode, blob: id };
  if (contents?.is !== "bytes") return alone;
  const text = decodeUtf8(contents.bytes);
  const forms: PutFile[] = text === undefined ? [] : [{ path, mode, content: text, encoding: "text" }];
  const base64 = (): PutFile => ({
    path,
    mode,
    content: contents.bytes.toString("base64"),
    encoding: "base64",
  });
  // Text of control characters takes six bytes each in JSON: then base 64 is shorter.
  return [...forms, base64()].find((form) => utf8Length(canonicalText(form)) <= jsonBytesMax) ?? alone;
}

/** Git's id of a replayed file. */
export function idOf(file: StoredFile, format: Repository["objectFormat"]): string {
  if ("blob" in file) return file.blob;
  const bytes = Buffer.from(file.content, file.encoding === "base64" ? "base64" : "utf8");
  return createHash(format).update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/** The text that gives these very bytes again, or undefined. A strict decoder takes nothing that would not. */
function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}
