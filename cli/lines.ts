/**
 * Lines of text from a source of bytes, one at a time: what is in memory is a line and a piece of the source. A longer line than
 * is allowed is refused as soon as it is. Ctrl-C ends a read that waits.
 */

import { StoreError } from "../shared/errors.ts";
import type { Platform } from "../shared/ports/platform.ts";
import type { Source } from "./io.ts";

const lineBreak = 0x0a;

export interface LineOptions {
  readonly platform: Platform;
  readonly signal: AbortSignal;
  readonly lineBytesMax: number;
  /** For errors: a path, or "stdin". */
  readonly name: string;
}

/** Without their line breaks; the last one may have none. Throws StoreError. */
export async function* readLines(source: Source, options: LineOptions): AsyncGenerator<string> {
  const { signal } = options;
  const line = createLine(options);
  const stop = () => source.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    if (signal.aborted) stop();
    for await (const bytes of piecesOf(source, options)) {
      let start = 0;
      for (let end = bytes.indexOf(lineBreak); end >= 0; end = bytes.indexOf(lineBreak, start)) {
        line.add(bytes.subarray(start, end));
        yield line.take();
        start = end + 1;
      }
      line.add(bytes.subarray(start));
    }
    if (line.length > 0) yield line.take();
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** The source's pieces; what goes wrong with it as a StoreError. */
async function* piecesOf(source: Source, { signal, name }: LineOptions): AsyncGenerator<Uint8Array> {
  try {
    for await (const bytes of source) yield bytes;
  } catch (error) {
    throw signal.aborted ? stopped(name) : unreadable(name, error);
  }
  if (signal.aborted) throw stopped(name);
}

/** A line that grows. */
function createLine({ platform, lineBytesMax }: LineOptions) {
  let pieces: Uint8Array[] = [];
  let length = 0;
  let number = 1;
  return {
    get length() {
      return length;
    },
    add(piece: Uint8Array) {
      length += piece.length;
      if (length > lineBytesMax) throw tooLong(number, lineBytesMax);
      if (piece.length > 0) pieces.push(piece);
    },
    take(): string {
      const [only] = pieces;
      const bytes = only && pieces.length === 1 ? only : joined(pieces, length);
      pieces = [];
      length = 0;
      number += 1;
      return decode(bytes, platform, number - 1);
    },
  };
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function decode(bytes: Uint8Array, platform: Platform, number: number): string {
  try {
    return platform.decodeText(bytes);
  } catch {
    throw new StoreError({
      kind: "corrupt",
      what: `Line ${number} is no text in UTF-8`,
      fix: "Get the file again, as it was written: it is neither packed nor in another encoding.",
    });
  }
}

function tooLong(number: number, lineBytesMax: number): StoreError {
  return new StoreError({
    kind: "rejected",
    what: `Line ${number} is longer than ${lineBytesMax} bytes, so it holds nothing that a store takes`,
    fix: 'Give what "icecore export" wrote.',
  });
}

function stopped(name: string): StoreError {
  return new StoreError({
    kind: "closed",
    what: `Reading ${name} was stopped before its end`,
    fix: "Run it again: what is there already is skipped.",
  });
}

function unreadable(name: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || !("code" in cause)) return cause;
  const what = `${name} cannot be read (${String(cause.code)})`;
  return new StoreError({ kind: "unavailable", what, fix: "Check the path and its permissions." }, cause);
}
