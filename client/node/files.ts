/** The file calls of folder storage. What waits for the disk goes to a thread; the rest is quicker done at once. */
import fs from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { codeOf } from "./file-errors.ts";

const datasyncAsync = promisify(fs.fdatasync);
const syncAsync = promisify(fs.fsync);
const writeAsync = promisify(fs.write);

/** A copy into the page cache of so many bytes takes 50 us; a change of thread 40 us each way. */
const directBytesMax = 256 * 1024;
/** What is stored here is the user's own. */
const folderMode = 0o700;
export const fileMode = 0o600;

/** Makes a folder and those above it; each new name is on the disk when it resolves. */
export async function makeFolder(path: string): Promise<void> {
  const first = fs.mkdirSync(path, { recursive: true, mode: folderMode });
  if (first === undefined) return;
  for (let made = path; ; made = dirname(made)) {
    await syncFolder(dirname(made));
    if (made === first || made === dirname(made)) return;
  }
}

/** Waits until the names in a folder are on the disk. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const fd = fs.openSync(path, "r");
  try {
    await syncAsync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Waits until everything in an open file is on the disk, with the size that it needs. */
export async function syncFile(fd: number): Promise<void> {
  await datasyncAsync(fd);
}

/** Writes all of `bytes` at a place of an open file. */
export async function writeAt(fd: number, bytes: Uint8Array, at: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const left = bytes.length - done;
    done +=
      left <= directBytesMax
        ? fs.writeSync(fd, bytes, done, left, at + done)
        : (await writeAsync(fd, bytes, done, left, at + done)).bytesWritten;
  }
}

/** Runs `call`; undefined when it fails with one of the given codes. */
export function unless<T>(codes: readonly string[], call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (codes.includes(codeOf(error) ?? "")) return undefined;
    throw error;
  }
}

/** Removes what nobody needs any more; what cannot go stays, and does no harm. */
export function removeAll(path: string): void {
  try {
    fs.rmSync(path, { recursive: true, force: true });
  } catch {
    // It is swept at the next start.
  }
}
