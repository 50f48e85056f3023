/**
 * A file that appears under its name only when it is whole: written under another name beside it, on the disk, then renamed.
 * What stops in between leaves the file of before as it was.
 */
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { LineSink } from "../shared/drive/export.ts";
import { StoreError, type StoreErrorKind } from "../shared/errors.ts";
import type { Platform } from "../shared/ports/platform.ts";
import { UsageError } from "./errors.ts";

/** Written at once from here on: fewer calls, little memory. */
const pieceCharsMin = 65_536;

/** Lets `write` fill a new file; it gets its name when that went well, and is gone when not. */
export async function writeFileWhole<T>(
  file: string,
  platform: Platform,
  write: (sink: LineSink) => Promise<T>,
): Promise<T> {
  const path = resolve(file);
  await refuseFolder(path);
  const temporary = `${path}.${platform.newNonce()}.part`;
  const handle = await open(temporary, "wx").catch((error) => fail(path, error));
  try {
    const result = await fill(handle, path, write).finally(() => handle.close());
    await rename(temporary, path).catch((error) => fail(path, error));
    return result;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function fill<T>(handle: FileHandle, path: string, write: (sink: LineSink) => Promise<T>): Promise<T> {
  let waiting: string[] = [];
  let chars = 0;
  async function flush(): Promise<void> {
    const text = waiting.join("");
    waiting = [];
    chars = 0;
    await handle.appendFile(text).catch((error) => fail(path, error));
  }
  const result = await write({
    line(text) {
      waiting.push(`${text}\n`);
      chars += text.length;
    },
    flush: async () => (chars < pieceCharsMin ? undefined : flush()),
  });
  await flush();
  await handle.sync().catch((error) => fail(path, error));
  return result;
}

/** Told before the log is read for it. */
async function refuseFolder(path: string): Promise<void> {
  const facts = await stat(path).catch(() => null);
  if (facts === null || facts.isFile()) return;
  throw new UsageError(`${path} is no file`, "Give --out the path of a file; for a pipe leave it out.");
}

const kinds: Readonly<Record<string, StoreErrorKind>> = {
  ENOSPC: "limit",
  EDQUOT: "limit",
  EACCES: "unauthorized",
  EPERM: "unauthorized",
  EROFS: "unauthorized",
};

function fail(path: string, cause: unknown): never {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "") throw cause;
  throw new StoreError(
    {
      kind: kinds[code] ?? "unavailable",
      what: `${path} cannot be written (${code})`,
      fix: "Check that its folder is there, may be written and has room; a file of before is as it was.",
    },
    cause,
  );
}
