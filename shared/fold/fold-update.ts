/** The part of an update that a fold looks at. */
import type { StampedUpdate } from "../wire/update.ts";

/** What the fold reads of an update; a StampedUpdate is one. */
export type FoldUpdate = Pick<
  StampedUpdate,
  "timestamp" | "app" | "seq" | "after" | "modelVersion" | "actions"
>;
