import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ReadBody } from "../../../shared/log/program.ts";
import {
  buildSegment,
  inLogOrder,
  orderAndDrop,
  type RawObject,
  readRaw,
} from "../../../shared/log/publish-build.ts";
import { newSettings } from "../../../shared/settings.ts";
import { type AppId, parseUpdateId, type UpdateId } from "../../../shared/wire/ids.ts";
import { updateKey } from "../../../shared/wire/keys.ts";
import { advanceMarks, emptyMarks, markOf } from "../../../shared/wire/marks.ts";
import { emptyLogHash, encodeSegment, hashLog, parseSegment } from "../../../shared/wire/segment.ts";
import { type Timestamp, zeroTimestamp } from "../../../shared/wire/time.ts";
import { encodeUpdate, type StampedUpdate } from "../../../shared/wire/update.ts";
import { laptop, phone, sha256 } from "../../golden/values.ts";
import { minute, store } from "./heads.ts";

const settings = newSettings();
const tools = { sha256, settings };

function updateOf(seq: number, timestamp: Timestamp, app: AppId = phone): StampedUpdate {
  const id = parseUpdateId(`01M7YNM6AG${app.slice(10, 16)}${String(seq).padStart(10, "0")}`) as UpdateId;
  return { id, app, seq, after: zeroTimestamp, modelVersion: 1, actions: [], timestamp };
}

const rawOf = (update: StampedUpdate, bytes = 200): RawObject => {
  const { timestamp, app } = update;
  return { is: "update", key: updateKey({ store, timestamp, app }), timestamp, bytes, update };
};

/** What several apps may have left in the bucket: copies, gaps, seqs under several timestamps, in any order. */
const raws = fc
  .uniqueArray(
    fc.record({
      at: fc.integer({ min: 1, max: 12 }),
      app: fc.constantFrom(phone, laptop),
      seq: fc.integer({ min: 1, max: 5 }),
    }),
    {
      minLength: 1,
      maxLength: 16,
      selector: ({ at, app }) => `${at} ${app}`,
    },
  )
  .map((list) => list.map(({ at, app, seq }) => rawOf(updateOf(seq, minute(at), app))));

const base = { from: zeroTimestamp, fromHash: emptyLogHash, marks: emptyMarks };

describe("A raw object", () => {
  const update = updateOf(1, minute(1));
  const key = updateKey({ store, timestamp: minute(1), app: phone });
  const read = (body: Exclude<ReadBody, { is: "absent" }>) => readRaw(key, body, settings);
  const found = (json: unknown, bytes = 500): Exclude<ReadBody, { is: "absent" }> => ({
    is: "found",
    json,
    etag: "e",
    bytes,
  });

  test("that holds an update of its key's app is that update, under its key's timestamp.", () => {
    expect(read(found(encodeUpdate(update)))).toMatchObject({
      is: "update",
      key,
      timestamp: minute(1),
      update,
    });
  });

  test.each<readonly [string, unknown, RegExp]>([
    ["is no update", { hello: 1 }, /^format is missing/],
    [
      "is of an unknown format",
      { ...encodeUpdate(update), format: "icecore-update-9" },
      /^format is "icecore-update-9"/,
    ],
    ["names another app than its key", encodeUpdate(updateOf(1, minute(1), laptop)), /^its body names app/],
    [
      "holds too many actions",
      {
        ...encodeUpdate(update),
        actions: Array(settings.updateActionsMax + 1).fill({ id: "01M7YNM4YRRFQXAW30JTNQCX2E", name: "a" }),
      },
      /^it holds 1001 actions/,
    ],
    ["is null", null, /^icecore-update-1 is null/],
  ])("that %s is set aside with the reason and its text.", (_, json, reason) => {
    const raw = read(found(json));
    if (raw.is !== "setAside") throw new Error("it was not set aside");
    expect(raw.setAside.reason).toMatch(reason);
    expect(raw.setAside).toMatchObject({
      key,
      text: JSON.stringify(json).slice(0, settings.setAsideCharsMax),
    });
    expect(raw).toMatchObject({ key, timestamp: minute(1) });
  });

  test("that cannot be read is set aside with the first 64 KiB of its text.", () => {
    const raw = read({ is: "unreadable", reason: "it is no JSON in UTF-8", text: "x".repeat(100_000) });
    if (raw.is !== "setAside") throw new Error("it was not set aside");
    expect(raw.setAside).toEqual({ key, reason: "it is no JSON in UTF-8", text: "x".repeat(64 * 1024) });
    expect(raw.bytes).toBeGreaterThan(64 * 1024);
  });
});

test("Log order is timestamp, then app.", () => {
  const [a, b, c] = [
    updateOf(2, minute(1), laptop),
    updateOf(1, minute(1), phone),
    updateOf(1, minute(2), phone),
  ];
  const [first, second] = laptop < phone ? [a, b] : [b, a];
  expect(inLogOrder([c, b, a])).toEqual([first, second, c]);
});

describe("Dropping by marks", () => {
  test("comes after ordering: of two copies the earlier in log order stays, whichever was read first.", () => {
    const [early, late] = [updateOf(1, minute(1)), updateOf(1, minute(5))];
    for (const updates of [
      [early, late],
      [late, early],
    ])
      expect(orderAndDrop(updates, emptyMarks, sha256)).toEqual({ kept: [early], dropped: 1 });
  });

  test("drops what an earlier segment holds, and lets gaps pass.", () => {
    const marks = advanceMarks(
      emptyMarks,
      [updateOf(1, minute(1)), updateOf(2, minute(2))],
      minute(2),
      sha256,
    );
    const [copy, later] = [updateOf(2, minute(3)), updateOf(4, minute(4))];
    expect(orderAndDrop([later, copy], marks, sha256)).toEqual({ kept: [later], dropped: 1 });
  });

  test("drops a lower seq that comes after a higher one of its app: published seqs rise.", () => {
    const [higher, lower] = [updateOf(3, minute(1)), updateOf(2, minute(2))];
    expect(orderAndDrop([lower, higher], emptyMarks, sha256)).toEqual({ kept: [higher], dropped: 1 });
  });

  test("treats each app by itself.", () => {
    const both = [updateOf(1, minute(1), phone), updateOf(1, minute(2), laptop)];
    expect(orderAndDrop(both, emptyMarks, sha256)).toEqual({ kept: both, dropped: 0 });
  });
});

describe("A segment built from raw objects", () => {
  test("is the same in whatever order they were read.", () => {
    fc.assert(
      fc.property(raws, fc.infiniteStream(fc.nat()), (list, order) => {
        const shuffled = list
          .map((raw) => [order.next().value ?? 0, raw] as const)
          .sort(([a], [b]) => a - b)
          .map(([, raw]) => raw);
        const [one, other] = [buildSegment(list, base, tools), buildSegment(shuffled, base, tools)];
        expect(other.segment).toEqual(one.segment);
        expect(other).toMatchObject({ bytes: one.bytes, dropped: one.dropped, cut: one.cut });
      }),
    );
  });

  test("accounts for every object: kept, dropped or set aside; its seqs rise per app, once each.", () => {
    fc.assert(
      fc.property(raws, (list) => {
        const { segment, dropped, keys, cut } = buildSegment(list, base, tools);
        expect(cut).toBe(false);
        expect(segment.updates.length + dropped).toBe(list.length);
        expect([...keys].sort()).toEqual(list.map(({ key }) => key).sort());
        expect(segment.through).toBe(Math.max(...list.map(({ timestamp }) => timestamp)));
        for (const app of [phone, laptop]) {
          const seqs = segment.updates.filter((update) => update.app === app).map(({ seq }) => seq);
          expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
        }
      }),
    );
  });

  test("carries the log's hash on from where it begins, and can be read back.", () => {
    fc.assert(
      fc.property(raws, (list) => {
        const fromHash = sha256("before");
        const { segment } = buildSegment(list, { ...base, fromHash }, tools);
        expect(segment).toMatchObject({
          from: zeroTimestamp,
          fromHash,
          hash: hashLog(fromHash, segment.updates, sha256),
        });
        expect(parseSegment(JSON.parse(JSON.stringify(encodeSegment(segment))))).toEqual({
          ok: true,
          value: segment,
        });
      }),
    );
  });

  test("in several rounds holds what one round would have held: the log does not depend on when rollups run.", () => {
    fc.assert(
      fc.property(raws, fc.integer({ min: 1, max: 12 }), (list, at) => {
        const whole = buildSegment(list, base, tools).segment;
        const early = list.filter(({ timestamp }) => timestamp <= minute(at));
        const late = list.filter(({ timestamp }) => timestamp > minute(at));
        if (early.length === 0 || late.length === 0) return;
        const first = buildSegment(early, base, tools).segment;
        const marks = advanceMarks(emptyMarks, first.updates, first.through, sha256);
        const second = buildSegment(
          late,
          { from: first.through, fromHash: first.hash, marks },
          tools,
        ).segment;
        expect([...first.updates, ...second.updates]).toEqual(whole.updates);
        expect(second.hash).toBe(whole.hash);
      }),
    );
  });

  test("that holds only copies is empty but still accounts for them.", () => {
    const marks = advanceMarks(emptyMarks, [updateOf(1, minute(1))], minute(1), sha256);
    const { segment, dropped } = buildSegment(
      [rawOf(updateOf(1, minute(2)))],
      { from: minute(1), fromHash: "h", marks },
      tools,
    );
    expect({ segment, dropped }).toMatchObject({
      segment: { updates: [], from: minute(1), through: minute(2), hash: "h" },
      dropped: 1,
    });
  });

  test("is cut where it would grow too large, between two timestamps only.", () => {
    const small = { sha256, settings: newSettings({ segmentBytesMax: 500 }) };
    const list = [1, 2, 3, 3, 4].map((at, i) => rawOf(updateOf(i + 1, minute(at), i === 3 ? laptop : phone)));
    const built = buildSegment(list, base, small);
    expect(built).toMatchObject({ cut: true, segment: { through: minute(2) } });
    expect(built.keys).toHaveLength(2);
  });

  test("is never cut within a millisecond, however large, and never to nothing.", () => {
    const tiny = { sha256, settings: newSettings({ segmentBytesMax: 1 }) };
    const together = [rawOf(updateOf(1, minute(1), phone)), rawOf(updateOf(1, minute(1), laptop))];
    expect(buildSegment([...together, rawOf(updateOf(2, minute(2)))], base, tiny)).toMatchObject({
      cut: true,
      segment: { through: minute(1), updates: { length: 2 } },
    });
  });

  test("cut round after round loses nothing.", () => {
    const small = { sha256, settings: newSettings({ segmentBytesMax: 450 }) };
    fc.assert(
      fc.property(raws, (list) => {
        const whole = buildSegment(list, base, tools).segment;
        let rest = list;
        let [from, fromHash, marks] = [base.from, base.fromHash, base.marks];
        const updates: StampedUpdate[] = [];
        while (rest.length > 0) {
          const { segment, keys } = buildSegment(rest, { from, fromHash, marks }, small);
          updates.push(...segment.updates);
          marks = advanceMarks(marks, segment.updates, segment.through, sha256);
          [from, fromHash] = [segment.through, segment.hash];
          rest = rest.filter(({ key, timestamp }) => {
            expect(keys.includes(key)).toBe(timestamp <= segment.through);
            return !keys.includes(key);
          });
        }
        expect(updates).toEqual(whole.updates);
        expect(fromHash).toBe(whole.hash);
        expect(markOf(marks, phone).seq).toBe(
          Math.max(0, ...whole.updates.filter(({ app }) => app === phone).map(({ seq }) => seq)),
        );
      }),
    );
  });

  test("weighs what its JSON weighs, within the few bytes of its frame.", () => {
    const update = { ...updateOf(1, minute(1)), actions: [] };
    const bytes = JSON.stringify(encodeUpdate(update)).length;
    const raw = readRaw(
      updateKey({ store, timestamp: minute(1), app: phone }),
      { is: "found", json: encodeUpdate(update), etag: "e", bytes },
      settings,
    );
    const built = buildSegment([raw], base, tools);
    const real = JSON.stringify(encodeSegment(built.segment)).length;
    expect(Math.abs(built.bytes - real)).toBeLessThan(150);
  });
});
