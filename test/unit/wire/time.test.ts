import fc from "fast-check";
import { expect, test } from "vitest";
import {
  formatTimestamp,
  isTimestamp,
  parseTimestamp,
  toTimestamp,
  zeroTimestamp,
} from "../../../shared/wire/time.ts";
import { timestamps } from "./arbitrary.ts";

test("A timestamp is spelled with whole milliseconds and no separators that a key could not hold.", () => {
  expect(formatTimestamp(toTimestamp(Date.UTC(2026, 10, 21, 9, 5, 3, 209)))).toBe("20261121T090503.209Z");
  expect(formatTimestamp(zeroTimestamp)).toBe("19700101T000000.000Z");
  expect(formatTimestamp(toTimestamp(Number.POSITIVE_INFINITY))).toBe("99991231T235959.999Z");
});

test("Every timestamp is read back from its text.", () => {
  fc.assert(fc.property(timestamps, (timestamp) => parseTimestamp(formatTimestamp(timestamp)) === timestamp));
});

test("The order of the texts is the order of the timestamps.", () => {
  fc.assert(
    fc.property(timestamps, timestamps, (a, b) => {
      const [textA, textB] = [formatTimestamp(a), formatTimestamp(b)];
      return textA.length === textB.length && a < b === textA < textB && (a === b) === (textA === textB);
    }),
  );
});

test.each([
  "20260230T000000.000Z",
  "20260101T240000.000Z",
  "20260101T235960.000Z",
  "20260001T000000.000Z",
  "19691231T235959.999Z",
  "20260101T000000.000",
  "20260101T000000.00Z",
  "20260101t000000.000z",
  "2026-01-01T00:00:00.000Z",
  " 20260101T000000.000Z",
  "20260101T000000.000Z\n",
  "",
])("The text %j is no timestamp.", (text) => {
  expect(parseTimestamp(text)).toBeUndefined();
});

test("No text but the one spelling of a timestamp is read, and nothing but texts.", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{8}T\d{6}\.\d{3}Z$/)), (text) => {
      const timestamp = parseTimestamp(text);
      return timestamp === undefined || formatTimestamp(timestamp) === text;
    }),
  );
  for (const value of [0, null, undefined, {}, ["20260101T000000.000Z"]])
    expect(parseTimestamp(value)).toBeUndefined();
});

test("A number becomes the timestamp at or below it, held inside the range.", () => {
  expect(toTimestamp(1.9)).toBe(1);
  expect(toTimestamp(-5)).toBe(0);
  expect(toTimestamp(Number.NEGATIVE_INFINITY)).toBe(0);
  fc.assert(fc.property(fc.double({ noNaN: true }), (ms) => isTimestamp(toTimestamp(ms))));
});
