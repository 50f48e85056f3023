import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type ExportHeader,
  emptyLinesHash,
  encodeExportHeader,
  encodeExportTrailer,
  hashLine,
  parseExportHeader,
  parseExportTrailer,
} from "../../../shared/wire/export.ts";
import { encodeStamped, parseStamped } from "../../../shared/wire/update.ts";
import { hashes, nonces, stampedUpdates, storeIds, timestamps } from "./arbitrary.ts";

const sent = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

const headers: fc.Arbitrary<ExportHeader> = fc.record({
  store: storeIds,
  epoch: nonces,
  from: fc.option(timestamps),
  to: fc.option(timestamps),
});
const trailers = fc.record({ updates: fc.nat(), through: timestamps, hash: hashes });

test("Every header, trailer and stamped update is read back as it was written.", () => {
  fc.assert(
    fc.property(headers, trailers, stampedUpdates, (header, trailer, update) => {
      expect(parseExportHeader(sent(encodeExportHeader(header)))).toEqual({ ok: true, value: header });
      expect(parseExportTrailer(sent(encodeExportTrailer(trailer)))).toEqual({ ok: true, value: trailer });
      expect(parseStamped(sent(encodeStamped(update)))).toEqual({ ok: true, value: sent(update) });
    }),
  );
});

test("An update without a timestamp is no line of an export.", () => {
  for (const update of fc.sample(stampedUpdates, { numRuns: 1, seed: 1 })) {
    const { timestamp: _, ...rest } = encodeStamped(update);
    expect(parseStamped(rest)).toEqual({
      ok: false,
      reason: "timestamp is missing, not a timestamp such as 20261121T090503.209Z",
    });
  }
});

test("The lines' hash runs over the hash before and the line's text.", () => {
  const first = sha256(`${"0".repeat(64)}one`);
  expect(hashLine(emptyLinesHash, "one", sha256)).toBe(first);
  expect(hashLine(first, "two", sha256)).toBe(sha256(`${first}two`));
});
