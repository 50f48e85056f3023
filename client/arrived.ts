/** Published updates that are confirmed now, and what the model refused of them. */
import type { Rejection } from "../shared/fold/fold.ts";
import type { Layers } from "../shared/fold/layers.ts";
import type { Timestamp } from "../shared/wire/time.ts";
import type { StampedUpdate } from "../shared/wire/update.ts";
import type { RangeRow } from "./rows.ts";

export interface Arrived {
  readonly updates: readonly StampedUpdate[];
  readonly rejected: readonly Rejection[];
}

export const noneArrived: Arrived = { updates: [], rejected: [] };

/** Gives what of the range is new. */
export function confirmRange<S>(layers: Layers<S>, { updates, through }: RangeRow): Arrived {
  const { position } = layers;
  if (through <= position) return noneArrived;
  const fresh = updates.filter(({ timestamp }) => timestamp > position);
  const { rejected } = layers.confirm(fresh, through);
  return { updates: fresh, rejected };
}

export function arrivedAbove(position: Timestamp, found: readonly Arrived[]): Arrived {
  const isNew = ({ timestamp }: { readonly timestamp: Timestamp }): boolean => timestamp > position;
  return {
    updates: found.flatMap(({ updates }) => updates.filter(isNew)),
    rejected: found.flatMap(({ rejected }) => rejected.filter(isNew)),
  };
}
