/** Arbitrary values of the wire formats, and bodies that somebody tampered with. */
import fc from "fast-check";
import type { Json, JsonObject } from "../../../shared/json.ts";
import { type Head, newHead, type SegmentEntry } from "../../../shared/wire/head.ts";
import {
  type ActionId,
  type AppId,
  parseStoreId,
  type StoreId,
  type UpdateId,
} from "../../../shared/wire/ids.ts";
import { builtKey } from "../../../shared/wire/keys.ts";
import { type Timestamp, toTimestamp } from "../../../shared/wire/time.ts";
import type { StampedUpdate, Update } from "../../../shared/wire/update.ts";

const lastMs = Date.UTC(10_000, 0, 1) - 1;
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const hex = "0123456789abcdef";

const textOf = (letters: string, length: number) =>
  fc
    .array(fc.constantFrom(...letters), { minLength: length, maxLength: length })
    .map((parts) => parts.join(""));

export const timestamps: fc.Arbitrary<Timestamp> = fc
  .oneof(
    fc.integer({ min: 0, max: lastMs }),
    fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2026, 0, 2) }),
  )
  .map(toTimestamp);

const ulids = fc.tuple(textOf("01234567", 1), textOf(crockford, 25)).map(([first, rest]) => first + rest);
export const appIds = ulids as fc.Arbitrary<AppId>;
export const hashes = textOf(hex, 64);
export const nonces = textOf("0123456789abcdefghjkmnpqrstvwxyz", 16);
export const revs = fc.integer({ min: 1, max: 999_999_999_999_999 });

export const storeIds: fc.Arbitrary<StoreId> = fc
  .stringMatching(/^[a-z0-9][a-z0-9_-]{0,63}$/)
  .map((text) => parseStoreId(text) ?? ("a" as StoreId));

export const jsons = fc.jsonValue({ depthSize: "small" }) as fc.Arbitrary<Json>;

export const updates: fc.Arbitrary<Update> = fc.record(
  {
    id: ulids as fc.Arbitrary<UpdateId>,
    app: appIds,
    seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    after: timestamps,
    modelVersion: fc.nat(999_999_999),
    actions: fc.array(fc.record({ id: ulids as fc.Arbitrary<ActionId>, name: fc.string(), data: jsons }), {
      maxLength: 4,
    }),
    principal: fc.string(),
  },
  { requiredKeys: ["id", "app", "seq", "after", "modelVersion", "actions"] },
);

export const stampedUpdates: fc.Arbitrary<StampedUpdate> = fc
  .tuple(updates, timestamps)
  .map(([update, timestamp]) => ({ ...update, timestamp }));

const pointers = fc.record({ through: timestamps, key: fc.string() });

/** Heads that keep their own rules: contiguous segments, floor and publishedThrough at their ends. */
export const heads: fc.Arbitrary<Head> = fc
  .record({
    stamps: fc.uniqueArray(timestamps, { minLength: 1, maxLength: 6 }),
    lead: fc.integer({ min: 0, max: 9_999 }),
    rev: revs,
    store: storeIds,
    nonce: nonces,
    hash: hashes,
    bytes: fc.nat(),
    marks: fc.option(pointers),
    history: fc.option(pointers),
    inline: fc.option(jsons, { nil: undefined }),
    linkFrom: fc.double({ min: 0, max: 1, noNaN: true }),
    version: fc.integer({ min: 1, max: 999_999_999 }),
  })
  .map(({ stamps, lead, rev, store, nonce, hash, bytes, marks, history, inline, linkFrom, version }) => {
    const ends = [...stamps].sort((a, b) => a - b);
    const segments: SegmentEntry[] = ends.slice(1).map((through, i) => {
      const key = builtKey({ kind: "segments", store, through, rev, nonce });
      return { from: ends[i] ?? through, through, key, count: i, bytes, hash };
    });
    const [floor = toTimestamp(0), publishedThrough = floor] = [ends[0], ends.at(-1)];
    return {
      ...newHead("epoch", nonce, bytes % 2 === 0 ? "quoted" : "unquoted"),
      rev,
      sealedThrough: toTimestamp(publishedThrough + lead),
      publishedThrough,
      segments,
      floor,
      snapshots: { [version]: { through: publishedThrough, key: "snapshots/x", bytes, stateHash: hash } },
      marks,
      history,
      ...(inline === undefined ? {} : { inline }),
      linkFrom: Math.floor(linkFrom * rev),
    };
  });

/** What JSON.parse makes of it: members named `__proto__` are its own. */
const poisoned: readonly Json[] = [
  JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"toString":2,"length":-1}') as Json,
  JSON.parse('[{"__proto__":[]}]') as Json,
];

/** Far deeper than any call stack. */
function nested(levels: number): Json {
  let value: Json = [];
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

const strangers: fc.Arbitrary<unknown> = fc.oneof(
  jsons,
  fc.constantFrom<unknown>(
    undefined,
    null,
    true,
    -1,
    0,
    1.5,
    1e300,
    "",
    "20260230T000000.000Z",
    "a/../b",
    ...poisoned,
  ),
  fc.constant(nested(50_000)),
);

/** A well-formed body with one member, at any depth, dropped, renamed or replaced. */
export function tampered(body: JsonObject): fc.Arbitrary<unknown> {
  const paths = pathsOf(body, []);
  return fc
    .tuple(fc.constantFrom(...paths), strangers)
    .map(([path, stranger]) => replaced(body, path, stranger));
}

export const anything: fc.Arbitrary<unknown> = fc.oneof(strangers, fc.anything());

function pathsOf(value: Json, path: readonly string[]): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, member]) => pathsOf(member as Json, [...path, key]))];
}

function replaced(value: Json, [key, ...rest]: readonly string[], stranger: unknown): unknown {
  if (key === undefined) return stranger;
  const copy = JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
  copy[key] = replaced(copy[key] as Json, rest, stranger);
  return copy;
}
