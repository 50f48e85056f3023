import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonObject } from "../../../shared/json.ts";
import { encodeHead, logHash, newHead, parseHead } from "../../../shared/wire/head.ts";
import { encodeHistoryIndex, parseHistoryIndex } from "../../../shared/wire/history.ts";
import { emptyLogHash } from "../../../shared/wire/segment.ts";
import { goldens } from "../../golden/values.ts";
import { heads, timestamps } from "./arbitrary.ts";

const golden = goldens.find(({ name }) => name === "head-1")?.encoded as JsonObject;
const [segment] = golden.segments as readonly JsonObject[];

test("Every head that keeps its rules is read back as it was written.", () => {
  fc.assert(
    fc.property(heads, (head) => {
      const sent = JSON.parse(JSON.stringify(encodeHead(head))) as unknown;
      expect(parseHead(sent)).toEqual({ ok: true, value: JSON.parse(JSON.stringify(head)) });
    }),
  );
});

test("A new head is empty, at rev 1, and readable.", () => {
  const head = newHead("e", "n");
  expect(head).toMatchObject({
    epoch: "e",
    rev: 1,
    nonce: "n",
    sealedThrough: 0,
    publishedThrough: 0,
    segments: [],
    linkFrom: 0,
    ifMatch: "quoted",
  });
  expect(parseHead(encodeHead(head))).toEqual({ ok: true, value: head });
  expect(logHash(head)).toBe(emptyLogHash);
});

test("The log's hash of a head is that of its newest segment.", () => {
  fc.assert(fc.property(heads, (head) => logHash(head) === (head.segments.at(-1)?.hash ?? emptyLogHash)));
});

const gap = { ...segment, from: "20261121T090700.499Z" };
const [early, late] = ["20261121T090000.000Z", "20261121T100000.000Z"];

test.each<readonly [string, JsonObject, string]>([
  ["publishes what is not sealed", { sealedThrough: early }, "publishedThrough lies above sealedThrough"],
  ["has a floor elsewhere", { floor: early }, "floor is not where the listed segments begin"],
  ["has a gap before its first segment", { segments: [gap] }, "floor is not where the listed segments begin"],
  [
    "ends before its publishedThrough",
    { publishedThrough: "20261121T091204.000Z" },
    "the last segment does not end at publishedThrough",
  ],
  ["lists no segment above its floor", { segments: [] }, "floor is not where the listed segments begin"],
  [
    "lists one segment twice",
    { segments: [segment, segment] as never },
    `segment ${segment?.key} does not follow ${segment?.key}`,
  ],
  [
    "has a segment that ends before it begins",
    { segments: [{ ...segment, from: late }] },
    `segment ${segment?.key} ends before it begins`,
  ],
  ["links from a later rev", { linkFrom: 13 }, "linkFrom lies above rev"],
  ["has rev 0", { rev: 0 }, "rev is 0, not a whole number from 1"],
  ["has a snapshot of version 0", { snapshots: { "0": {} } }, 'snapshots has "0", not a model version'],
  [
    "has a snapshot of a version that is no number",
    { snapshots: { constructor: {} } },
    'snapshots has "constructor", not a model version',
  ],
  ["has marks without a key", { marks: { through: early } }, "marks.key is missing, not a text"],
])("A head that %s is refused, because no rollup wrote it.", (_, changes, reason) => {
  expect(parseHead({ ...golden, ...changes })).toEqual({ ok: false, reason });
});

test("Every history index is read back as it was written.", () => {
  fc.assert(
    fc.property(heads, timestamps, ({ segments }, through) => {
      for (const before of [null, { through, key: "indexes/x" }]) {
        const index = { segments, before };
        expect(parseHistoryIndex(JSON.parse(JSON.stringify(encodeHistoryIndex(index))))).toEqual({
          ok: true,
          value: index,
        });
      }
    }),
  );
});
