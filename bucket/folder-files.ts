/**
 * The file calls of the folder bucket. Small ones are synchronous on purpose: on a local disk such a call takes about
 * 5 us, the change to another thread and back 40. What waits for the disk (fsync) or moves many bytes goes to a thread.
 */
import fs from "node:fs";
import { promisify } from "node:util";
import { codeOf } from "./folder-errors.ts";
import { directBytesMax } from "./limits.ts";

const readAsync = promisify(fs.read);
const writeAsync = promisify(fs.write);
const fsyncAsync = promisify(fs.fsync);

export interface FileFacts {
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
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

/** "There is nothing": also a path that goes on below a file. */
export const absentCodes = ["ENOENT", "ENOTDIR"] as const;

/** Facts of the path, undefined when nothing is there. Any other trouble (no permission) throws: it is not absence. */
export function factsOf(path: string): fs.Stats | undefined {
  return unless(absentCodes, () => fs.lstatSync(path, { throwIfNoEntry: false }));
}

/** Makes one directory; "there" when it was there, "orphan" when its parent is not. */
export function makeDirectory(path: string): "made" | "there" | "orphan" {
  try {
    fs.mkdirSync(path);
    return "made";
  } catch (error) {
    if (codeOf(error) === "EEXIST") return "there";
    if (codeOf(error) === "ENOENT") return "orphan";
    throw error;
  }
}

/** Writes a new file and waits until it is on the disk. On failure nothing is left behind. */
export async function writeDurably(path: string, body: Uint8Array): Promise<FileFacts> {
  const fd = fs.openSync(path, "wx", 0o666);
  try {
    await writeAll(fd, body);
    await fsyncAsync(fd);
    return fs.fstatSync(fd);
  } catch (error) {
    removeFile(path);
    throw error;
  } finally {
    fs.closeSync(fd);
  }
}

async function writeAll(fd: number, body: Uint8Array): Promise<void> {
  let done = 0;
  while (done < body.length) {
    const left = body.length - done;
    done +=
      left <= directBytesMax
        ? fs.writeSync(fd, body, done, left)
        : (await writeAsync(fd, body, done, left, null)).bytesWritten;
  }
}

/** The first `bytes` bytes of an open file (fewer when it is shorter). */
export async function readBytes(fd: number, bytes: number): Promise<Uint8Array> {
  const body = new Uint8Array(bytes);
  let done = 0;
  while (done < bytes) {
    const left = bytes - done;
    const read =
      left <= directBytesMax
        ? fs.readSync(fd, body, done, left, done)
        : (await readAsync(fd, body, done, left, done)).bytesRead;
    if (read === 0) return body.subarray(0, done);
    done += read;
  }
  return body;
}

/** Waits until the names in a directory are on the disk. */
export async function syncDirectory(path: string): Promise<void> {
  const fd = fs.openSync(path, "r");
  try {
    await fsyncAsync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Removes a file that nobody needs any more; if that fails it is swept later. */
export function removeFile(path: string): void {
  try {
    fs.unlinkSync(path);
  } catch {
    // A leftover in .tmp is never listed nor read, and the sweep of the next start takes it.
  }
}
