/** A head at hand: what a program decides on, and what its swap is conditional on. */
import type { Etag } from "../ports/bucket.ts";
import type { Head } from "../wire/head.ts";

/** A head as it was read, with the etag that a swap needs. */
export interface KnownHead {
  readonly head: Head;
  readonly etag: Etag;
}
