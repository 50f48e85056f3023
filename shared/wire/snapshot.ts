/** The snapshot: state and its hash at a timestamp, for one model version, immutable, stored under `snapshots/`. */
import type { Json, JsonObject } from "../json.ts";
import { asPositive, asText, asTimestamp, fault, formatted, type Parsed, parsing } from "./parse.ts";
import { formatTimestamp, type Timestamp } from "./time.ts";

export const snapshotFormat = "icecore-snapshot-1";

export interface Snapshot {
  readonly through: Timestamp;
  /** The log's hash at `through`. */
  readonly hash: string;
  readonly modelName: string;
  readonly modelVersion: number;
  /** SHA-256 of the canonical text of `state`. */
  readonly stateHash: string;
  /** The encoded state. */
  readonly state: Json;
}

export function encodeSnapshot(snapshot: Snapshot): JsonObject {
  const { hash, modelName, modelVersion, stateHash, state } = snapshot;
  const through = formatTimestamp(snapshot.through);
  return { format: snapshotFormat, through, hash, modelName, modelVersion, stateHash, state };
}

export function parseSnapshot(value: unknown): Parsed<Snapshot> {
  return parsing(() => {
    const body = formatted(value, snapshotFormat);
    return {
      through: asTimestamp(body.through, "through"),
      hash: asText(body.hash, "hash"),
      modelName: asText(body.modelName, "modelName"),
      modelVersion: asPositive(body.modelVersion, "modelVersion"),
      stateHash: asText(body.stateHash, "stateHash"),
      state: body.state === undefined ? fault("state is missing") : body.state,
    };
  });
}
