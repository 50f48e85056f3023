import fc from "fast-check";
import { expect, test } from "vitest";
import {
  emptyLogHash,
  encodeSegment,
  hashLog,
  parseSegment,
  type Segment,
  updatesAbove,
} from "../../../shared/wire/segment.ts";
import type { Timestamp } from "../../../shared/wire/time.ts";
import { sha256 } from "../../golden/values.ts";
import { hashes, stampedUpdates, timestamps } from "./arbitrary.ts";

const asides = fc.record({ key: fc.string(), reason: fc.string(), text: fc.string() });
const logs = fc.array(stampedUpdates, { maxLength: 6 });
const segments: fc.Arbitrary<Segment> = fc.record({
  from: timestamps,
  through: timestamps,
  fromHash: hashes,
  hash: hashes,
  updates: logs,
  setAside: fc.array(asides, { maxLength: 3 }),
});

test("Every segment is read back as it was written, with what was set aside.", () => {
  fc.assert(
    fc.property(segments, (segment) => {
      const sent = JSON.parse(JSON.stringify(encodeSegment(segment))) as unknown;
      expect(parseSegment(sent)).toEqual({ ok: true, value: JSON.parse(JSON.stringify(segment)) });
    }),
  );
});

test("The log's hash over two parts, one after the other, is its hash over the whole: merging keeps it.", () => {
  fc.assert(
    fc.property(logs, logs, (first, second) => {
      const half = hashLog(emptyLogHash, first, sha256);
      expect(hashLog(half, second, sha256)).toBe(hashLog(emptyLogHash, [...first, ...second], sha256));
    }),
  );
});

test("The log's hash tells an update that is missing, twice or elsewhere.", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(stampedUpdates, { minLength: 2, maxLength: 5, selector: ({ id }) => id }),
      (log) => {
        const hash = hashLog(emptyLogHash, log, sha256);
        const [first, ...rest] = log;
        if (!first) throw new Error("an empty log");
        for (const other of [rest, [...rest, first], [first, ...log]])
          expect(hashLog(emptyLogHash, other, sha256)).not.toBe(hash);
      },
    ),
  );
});

test("The log of no updates has the empty hash.", () => {
  expect(hashLog(emptyLogHash, [], sha256)).toBe("0".repeat(64));
});

test("A reader in the middle of a segment gets only what lies above its position.", () => {
  fc.assert(
    fc.property(logs, timestamps, (updates, position) => {
      const segment: Segment = {
        from: 0 as Timestamp,
        through: position,
        fromHash: "",
        hash: "",
        updates,
        setAside: [],
      };
      const above = updatesAbove(segment, position);
      expect(above).toEqual(
        position === 0 ? updates : updates.filter(({ timestamp }) => timestamp > position),
      );
    }),
  );
});
