/** Reading the body of an S3 answer: whole, or only its start where it is larger than wanted. */
import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { startBytes } from "../limits.ts";

export type Body =
  | { readonly is: "whole"; readonly bytes: Uint8Array }
  | { readonly is: "tooLarge"; readonly bytes: number; readonly start: Uint8Array };

/** An answer that ended before its announced length. */
export class CutBodyError extends Error {
  override readonly name = "CutBodyError";
  readonly code = "ECONNRESET";
}

type Chunks = AsyncIterable<Uint8Array> & { destroy?: () => void };

/** Throws what the connection throws, and CutBodyError where it ends early without saying so. */
export async function readBody(output: GetObjectCommandOutput, bytesMax: number): Promise<Body> {
  const body = output.Body as Chunks | undefined;
  const announced = output.ContentLength;
  const wanted = announced !== undefined && announced > bytesMax ? Math.min(startBytes, announced) : Infinity;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= wanted || length > bytesMax + startBytes) break;
  }
  // Leaving the loop early has ended the connection: the rest is not downloaded.
  const bytes = joined(chunks, length);
  if (wanted !== Infinity && length >= wanted)
    return { is: "tooLarge", bytes: announced ?? length, start: bytes.subarray(0, startBytes) };
  if (announced !== undefined && length < announced) throw new CutBodyError("the answer broke off");
  if (length > bytesMax) return { is: "tooLarge", bytes: length, start: bytes.subarray(0, startBytes) };
  return { is: "whole", bytes };
}

/** Ends an answer that is not wanted: its connection would wait for a reader. */
export function endBody(output: GetObjectCommandOutput): void {
  (output.Body as Chunks | undefined)?.destroy?.();
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
