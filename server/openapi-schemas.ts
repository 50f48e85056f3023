/**
 * The bodies of the API as JSON Schema, for its OpenAPI document. shared/wire/ is what really parses them; a test holds the two against
 * each other by what the server answers.
 */
import type { JsonObject } from "../shared/json.ts";
import { headFormat } from "../shared/wire/head.ts";
import { historyFormat } from "../shared/wire/history.ts";
import { wireErrorKinds } from "../shared/wire/http.ts";
import { marksFormat } from "../shared/wire/marks.ts";
import { segmentFormat } from "../shared/wire/segment.ts";
import { snapshotFormat } from "../shared/wire/snapshot.ts";
import { updateFormat } from "../shared/wire/update.ts";

export const ref = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });

/** An object of exactly these members, all of them required but those named after it. */
function object(properties: JsonObject, optional: readonly string[] = []): JsonObject {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required, additionalProperties: false };
}

const text: JsonObject = { type: "string" };
const count: JsonObject = { type: "integer", minimum: 0 };
const secret: JsonObject = { type: "string", description: "Not to be logged or kept." };
const moment: JsonObject = {
  type: "integer",
  minimum: 0,
  description: "Milliseconds since 1970, by the server's clock.",
};
const list = (items: JsonObject): JsonObject => ({ type: "array", items });
const maybe = (schema: JsonObject): JsonObject => ({ oneOf: [schema, { type: "null" }] });
const byName = (schema: JsonObject): JsonObject => ({ type: "object", additionalProperties: schema });
const timestamp = ref("Timestamp");

const update: JsonObject = {
  format: { const: updateFormat },
  id: ref("Ulid"),
  app: ref("Ulid"),
  seq: { type: "integer", minimum: 1 },
  after: timestamp,
  modelVersion: count,
  principal: { type: "string", description: "Who sent it: the server's word, a client's is not taken." },
  actions: list(ref("Action")),
};

export const schemas: JsonObject = {
  Timestamp: {
    type: "string",
    pattern: "^\\d{8}T\\d{6}\\.\\d{3}Z$",
    description: "Server time in whole milliseconds, UTC; sorts as text.",
    examples: ["20261121T090503.209Z"],
  },
  Ulid: { type: "string", pattern: "^[0-7][0-9A-HJKMNP-TV-Z]{25}$" },
  StoreId: { type: "string", pattern: "^[a-z0-9][a-z0-9_-]{0,63}$" },
  Hash: { type: "string", pattern: "^[0-9a-f]{64}$" },
  Action: object({ id: ref("Ulid"), name: text, data: { description: "In the codec's encoded form." } }),
  Update: object(update, ["principal"]),
  StampedUpdate: object({ timestamp, ...update }, ["principal"]),
  SegmentEntry: object({
    from: timestamp,
    through: timestamp,
    key: text,
    count,
    bytes: count,
    hash: ref("Hash"),
  }),
  SnapshotEntry: object({ through: timestamp, key: text, bytes: count, stateHash: ref("Hash") }),
  Pointer: object({ through: timestamp, key: text }),
  Head: object(
    {
      format: { const: headFormat },
      epoch: text,
      rev: { type: "integer", minimum: 1 },
      nonce: text,
      sealedThrough: timestamp,
      publishedThrough: timestamp,
      segments: list(ref("SegmentEntry")),
      floor: timestamp,
      snapshots: byName(ref("SnapshotEntry")),
      marks: maybe(ref("Pointer")),
      history: maybe(ref("Pointer")),
      inline: ref("Segment"),
      linkFrom: count,
      ifMatch: { enum: ["quoted", "unquoted"] },
    },
    ["inline"],
  ),
  Segment: object({
    format: { const: segmentFormat },
    from: timestamp,
    through: timestamp,
    fromHash: ref("Hash"),
    hash: ref("Hash"),
    updates: list(ref("StampedUpdate")),
    setAside: list(object({ key: text, reason: text, text })),
  }),
  Snapshot: object({
    format: { const: snapshotFormat },
    through: timestamp,
    hash: ref("Hash"),
    modelName: text,
    modelVersion: { type: "integer", minimum: 1 },
    stateHash: ref("Hash"),
    state: { description: "The state in the codec's encoded form." },
  }),
  Marks: object({
    format: { const: marksFormat },
    through: timestamp,
    apps: byName(
      object(
        {
          seq: count,
          chain: ref("Hash"),
          missing: list({ type: "array", items: count, minItems: 2, maxItems: 2 }),
        },
        ["missing"],
      ),
    ),
  }),
  Index: object({
    format: { const: historyFormat },
    segments: list(ref("SegmentEntry")),
    before: maybe(ref("Pointer")),
  }),
  Stored: object({ is: { const: "stored" }, timestamp, head: ref("Head"), etag: text }),
  Rejected: object({ is: { const: "rejected" }, reason: text }),
  Later: object({ is: { const: "later" }, reason: text, retryAfterMs: count }),
  Tail: object({
    epoch: text,
    rev: { type: "integer", minimum: 1 },
    publishedThrough: timestamp,
    sealedThrough: timestamp,
    updates: list(ref("StampedUpdate")),
    cut: { type: "boolean", description: "There are more; they show when they are published." },
  }),
  Created: object({ store: ref("StoreId"), made: { type: "boolean" } }),
  ReadPass: object({ pass: secret, expiresAt: moment }),
  DirectRequest: object({ app: ref("Ulid") }),
  DirectGrant: object({
    accessKeyId: text,
    secretAccessKey: secret,
    sessionToken: secret,
    expiresAt: moment,
    address: { type: "string", description: "The bucket's, say s3://name/root?region=eu-central-1." },
  }),
  Time: object({ now: timestamp }),
  Health: object({ ok: { const: true } }),
  Error: object({
    error: object({ kind: { enum: [...wireErrorKinds] }, what: text, fix: text, retryAfterMs: count }, [
      "retryAfterMs",
    ]),
  }),
};
