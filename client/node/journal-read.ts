/**
 * Reading a journal: rows as its last commit left them. What is damaged is never skipped: it is an error that names the line.
 *
 * Only the very end may be unfinished, after a kill or a power cut in the middle of a write, and only what was never acknowledged: a
 * last line without its line end, or one with zero bytes, which a line never has and a disk puts where it did not get to write.
 */
import { StoreError } from "../../shared/errors.ts";
import type { StoreId } from "../../shared/wire/ids.ts";
import { applyLine, type Header, journalFormat, type Line, readLine } from "./journal-lines.ts";

export interface JournalContents {
  readonly rows: Map<string, string>;
  /** Where the last good line ends: what follows was never acknowledged. */
  readonly end: number;
  /** Lines after the header. */
  readonly count: number;
  readonly rowsBytes: number;
}

const lineEnd = 10;
const zero = 0;

/** Throws StoreError: "corrupt" for damage, "incompatible" for a newer release's file. */
export function readJournal(path: string, bytes: Uint8Array, store: StoreId): JournalContents {
  const rows = new Map<string, string>();
  let header: Header | undefined;
  let end = 0;
  let count = -1;
  for (let next = bytes.indexOf(lineEnd); next >= 0; next = bytes.indexOf(lineEnd, end)) {
    const part = bytes.subarray(end, next);
    const line = readLine(part);
    if (line === null && next === bytes.length - 1 && part.includes(zero)) break;
    count += 1;
    if (line === null || line.n !== count) throw damaged(path, count, store);
    if (count === 0) header = requireHeader(path, line, store);
    else if (!applyLine(rows, line)) throw damaged(path, count, store);
    end = next + 1;
  }
  if (header === undefined) throw damaged(path, 0, store);
  return { rows, end, count, rowsBytes: header.rowsBytes };
}

function requireHeader(path: string, { body }: Line, store: StoreId): Header {
  const { format, store: found, rowsBytes } = body;
  if (format !== journalFormat)
    throw new StoreError({
      kind: "incompatible",
      what: `${path} has the format ${JSON.stringify(format)}; this release reads ${journalFormat}`,
      fix: "A newer release of icecore wrote it: upgrade this app.",
      store,
    });
  if (found !== store)
    throw new StoreError({
      kind: "rejected",
      what: `${path} holds the rows of store ${JSON.stringify(found)}`,
      fix: "Give its folder that name again, or move it away.",
      store,
    });
  return { format: journalFormat, store, rowsBytes: typeof rowsBytes === "number" ? rowsBytes : 0 };
}

function damaged(path: string, line: number, store: StoreId): StoreError {
  return new StoreError({
    kind: "corrupt",
    what: `Line ${line + 1} of ${path} is damaged`,
    fix: "Nothing was changed. Put the folder back from a backup, or move it away: then the store begins afresh from the remote, and what was not sent is in the folder that you moved.",
    store,
  });
}
