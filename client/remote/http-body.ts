/** Reading an answer's body, no further than it may be long, and noticing when it was cut. */
import type { Platform } from "../../shared/ports/platform.ts";
import { type BodyReader, type Fetched, readerOf } from "./fetch-like.ts";
import { startBytes, wholeBodyTimeouts } from "./http-limits.ts";
import { within } from "./within.ts";

export type HttpBody =
  /** `proven`: its length was announced, so it cannot have been cut. */
  | { readonly is: "whole"; readonly bytes: Uint8Array; readonly proven: boolean }
  /** `bytes` as announced, or as many as came. */
  | { readonly is: "tooLarge"; readonly bytes: number; readonly start: Uint8Array };

export interface BodyLimits {
  readonly bytesMax: number;
  readonly silenceMs: number;
  readonly platform: Pick<Platform, "wait">;
}

class CutBody extends Error {
  override readonly name = "CutBody";
}

/** Throws what the connection throws, and CutBody where it ended early without saying so. */
export async function readBody(fetched: Fetched, limits: BodyLimits): Promise<HttpBody> {
  const announced = announcedBytes(fetched);
  const reader = readerOf(fetched);
  if (reader === null && announced !== null && announced > limits.bytesMax)
    return { is: "tooLarge", bytes: announced, start: new Uint8Array(0) };
  const bytes = reader ? await readPieces(reader, limits) : await readAtOnce(fetched, limits);
  if (bytes.length > limits.bytesMax)
    return { is: "tooLarge", bytes: announced ?? bytes.length, start: bytes.subarray(0, startBytes) };
  if (announced !== null && announced !== bytes.length)
    throw new CutBody("fewer bytes came than were announced");
  return { is: "whole", bytes, proven: fetched.headers.get("content-length") !== null };
}

/** Of the body as it is given here: what was packed on the way has another length. */
function announcedBytes({ headers }: Fetched): number | null {
  const length = headers.get("content-length");
  const packed = headers.get("content-encoding");
  return length !== null && /^\d+$/.test(length) && (packed === null || packed === "identity")
    ? Number(length)
    : null;
}

async function readAtOnce(fetched: Fetched, { silenceMs, platform }: BodyLimits): Promise<Uint8Array> {
  return new Uint8Array(await within(fetched.arrayBuffer(), silenceMs * wholeBodyTimeouts, platform));
}

/** Ends as soon as it is too long. */
async function readPieces(
  reader: BodyReader,
  { bytesMax, silenceMs, platform }: BodyLimits,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  while (length <= bytesMax) {
    const { done, value } = await within(reader.read(), silenceMs, platform);
    if (done) break;
    if (value === undefined) continue;
    pieces.push(value);
    length += value.length;
  }
  if (length > bytesMax) void reader.cancel().catch(() => undefined);
  return joined(pieces, length);
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
