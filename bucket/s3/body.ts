/** The body of an answer of the SDK. */
import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { type Body, readPieces } from "../s3-common/body.ts";

type Chunks = AsyncIterable<Uint8Array> & { destroy?: () => void };

/** Throws what the connection throws, and CutBodyError where it ends early without saying so. */
export function readBody(output: GetObjectCommandOutput, bytesMax: number): Promise<Body> {
  return readPieces((output.Body as Chunks | undefined) ?? nothing(), {
    announced: output.ContentLength,
    bytesMax,
  });
}

/** Ends an answer that is not wanted: its connection would wait for a reader. */
export function endBody(output: GetObjectCommandOutput): void {
  (output.Body as Chunks | undefined)?.destroy?.();
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
