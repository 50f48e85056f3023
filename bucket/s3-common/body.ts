/** Reading the body of an S3 answer: whole, or only its start where it is larger than wanted. */
import { startBytes } from "../limits.ts";

export type Body =
  | { readonly is: "whole"; readonly bytes: Uint8Array }
  | { readonly is: "tooLarge"; readonly bytes: number; readonly start: Uint8Array };

/** An answer that ended before its announced length. */
export class CutBodyError extends Error {
  override readonly name = "CutBodyError";
  readonly code = "ECONNRESET";
}

/**
 * Throws what the connection throws, and CutBodyError where it ends early without saying so. `announced` is the length of the pieces
 * as they come; undefined where nobody knows.
 */
export async function readPieces(
  pieces: AsyncIterable<Uint8Array>,
  { announced, bytesMax }: { readonly announced: number | undefined; readonly bytesMax: number },
): Promise<Body> {
  const wanted = announced !== undefined && announced > bytesMax ? Math.min(startBytes, announced) : Infinity;
  const taken: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    taken.push(piece);
    length += piece.length;
    if (length >= wanted || length > bytesMax + startBytes) break;
  }
  // Leaving the loop early has ended the connection: the rest is not downloaded.
  const bytes = joined(taken, length);
  if (wanted !== Infinity && length >= wanted)
    return { is: "tooLarge", bytes: announced ?? length, start: bytes.subarray(0, startBytes) };
  if (announced !== undefined && length < announced) throw new CutBodyError("the answer broke off");
  if (length > bytesMax) return { is: "tooLarge", bytes: length, start: bytes.subarray(0, startBytes) };
  return { is: "whole", bytes };
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
