/**
 * A journal: the file in which a folder keeps the rows of one store. Each commit is one line, written in one go and synced before it is
 * acknowledged, so a kill at any moment leaves a prefix of the commits with every acknowledged one in it.
 *
 * When the file outweighs the rows it is written anew beside it, synced, and renamed over the old one: at each moment one of both is
 * whole. A write that failed is cut off again; after a failed sync nobody knows what is on the disk, so the next commit begins with
 * a new file made of what was acknowledged, read back and checked.
 */
import fs from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { assert } from "../../shared/errors.ts";
import type { StoreId } from "../../shared/wire/ids.ts";
import type { RowChanges, Rows } from "../local/local.ts";
import { inKeyOrder } from "../local/order.ts";
import { codeOf } from "./file-errors.ts";
import { fileMode, removeAll, syncFile, syncFolder, writeAt } from "./files.ts";
import { encodeChanges, encodeHeader, journalFormat } from "./journal-lines.ts";
import { readJournal } from "./journal-read.ts";

/** One call at a time. Throws StoreError for damage, and errors of the operating system as they are. */
export interface Journal {
  load(): Promise<Rows>;
  append(changes: RowChanges): Promise<void>;
  /** Writes the file anew where it outweighs the rows. What fails for want of space is tried again later. */
  tidy(): Promise<void>;
  clear(): Promise<void>;
  close(): void;
}

/** A file this much over twice the rows is written anew: each byte of a commit costs at most two on the disk, and small files none. */
const slackBytes = 64 * 1024;
/** After a failure (a full disk) the file may grow by this factor before the next try. */
const patience = 1.5;

export async function openJournal(folder: string, store: StoreId): Promise<Journal> {
  const path = join(folder, "journal");
  const nextPath = join(folder, "journal.next");
  removeAll(nextPath);
  let open = fs.existsSync(path) ? await openFile(path, store) : await beginFile(new Map());
  /** The file on the disk may not be what was acknowledged. */
  let broken = false;
  let damage: unknown = null;

  /** A whole new file with these rows under the journal's name; the name itself is not on the disk yet. */
  async function beginFile(rows: Rows): Promise<OpenFile> {
    const lines = linesOf(rows);
    const rowsBytes = lines.reduce((sum, line) => sum + line.length, 0);
    const body = Buffer.concat([encodeHeader({ format: journalFormat, store, rowsBytes }), ...lines]);
    const fd = fs.openSync(nextPath, "w", fileMode);
    try {
      await writeAt(fd, body, 0);
      await syncFile(fd);
      fs.renameSync(nextPath, path);
    } catch (error) {
      fs.closeSync(fd);
      removeAll(nextPath);
      throw error;
    }
    return { fd, first: null, end: body.length, count: lines.length, tidyAbove: tidyAboveOf(rowsBytes) };
  }

  async function beginAnew(rows: Rows): Promise<void> {
    const next = await beginFile(rows);
    // The old file is gone; until the new one's name is on the disk nothing may be acknowledged in it.
    broken = true;
    fs.closeSync(open.fd);
    open = next;
    await syncFolder(folder);
    broken = false;
  }

  /** What was acknowledged, from the file. */
  async function acknowledged(): Promise<Rows> {
    const bytes = await readFile(path);
    const { rows, end, count } = readJournal(path, bytes.subarray(0, open.end), store);
    assert(end === open.end && count === open.count, "a journal holds what was acknowledged");
    return rows;
  }

  await syncFolder(folder);
  return {
    async load() {
      const rows = open.first ?? (await acknowledged());
      open.first = null;
      return inKeyOrder(rows);
    },
    async append(changes) {
      if (damage !== null) throw damage;
      requireThere(open.fd, path);
      if (broken) await beginAnew(await acknowledged());
      open.first = null;
      const line = encodeChanges(open.count + 1, changes);
      broken = true;
      try {
        await writeAt(open.fd, line, open.end);
      } catch (error) {
        fs.ftruncateSync(open.fd, open.end);
        broken = false;
        throw error;
      }
      await syncFile(open.fd);
      broken = false;
      open.end += line.length;
      open.count += 1;
    },
    async tidy() {
      if (open.end <= open.tidyAbove) return;
      try {
        await beginAnew(await acknowledged());
      } catch (error) {
        if (codeOf(error) === undefined) damage = error;
        open.tidyAbove = open.end * patience;
      }
    },
    async clear() {
      await beginAnew(new Map());
      damage = null;
    },
    close: () => fs.closeSync(open.fd),
  };
}

interface OpenFile {
  readonly fd: number;
  /** Rows that nobody has asked for yet and that are still the present ones. */
  first: Rows | null;
  /** Where the last acknowledged line ends. */
  end: number;
  /** Lines after the header. */
  count: number;
  tidyAbove: number;
}

/** Opens what is there and cuts off what was never acknowledged. */
async function openFile(path: string, store: StoreId): Promise<OpenFile> {
  const { rows, end, count, rowsBytes } = readJournal(path, await readFile(path), store);
  const fd = fs.openSync(path, "r+");
  fs.ftruncateSync(fd, end);
  return { fd, first: rows, end, count, tidyAbove: tidyAboveOf(rowsBytes) };
}

/** A file that somebody has removed can still be written, for nobody. */
function requireThere(fd: number, path: string): void {
  if (fs.fstatSync(fd).nlink === 0) throw Object.assign(new Error(`no ${path}`), { code: "ENOENT" });
}

function tidyAboveOf(rowsBytes: number): number {
  return 2 * rowsBytes + slackBytes;
}

/** Rows of one line in a new file: bounds the longest text. */
const lineCharsMax = 1024 * 1024;

function linesOf(rows: Rows): readonly Uint8Array[] {
  const lines: Uint8Array[] = [];
  let part = new Map<string, string>();
  let chars = 0;
  const finish = (): void => {
    if (part.size > 0) lines.push(encodeChanges(lines.length + 1, { put: part, delete: [] }));
    part = new Map();
    chars = 0;
  };
  for (const [key, value] of rows) {
    if (chars + value.length > lineCharsMax) finish();
    part.set(key, value);
    chars += key.length + value.length;
  }
  finish();
  return lines;
}
