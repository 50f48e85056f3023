/**
 * The claim: what a recovery puts in the head's place before it looks for the last time at what is there (docs/protocol.md, "A lost
 * head"). It says that there is no head; the new head replaces that very claim, so that no other head was there in between.
 */
import type { JsonObject } from "../json.ts";
import { asText, asTimestamp, formatted, type Parsed, parsing } from "./parse.ts";
import { formatTimestamp, type Timestamp } from "./time.ts";

export const claimFormat = "icecore-claim-1";

export interface Claim {
  /** When it was made, by the clock of who made it: for people. */
  readonly at: Timestamp;
  /** Tells it from every other claim. */
  readonly nonce: string;
}

export function encodeClaim({ at, nonce }: Claim): JsonObject {
  return { format: claimFormat, at: formatTimestamp(at), nonce };
}

export function parseClaim(value: unknown): Parsed<Claim> {
  return parsing(() => {
    const body = formatted(value, claimFormat);
    return { at: asTimestamp(body.at, "at"), nonce: asText(body.nonce, "nonce") };
  });
}
