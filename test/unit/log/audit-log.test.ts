import { describe, expect, it } from "vitest";
import { createNodePlatform } from "../../../bucket/platform/node.ts";
import { createFindings } from "../../../shared/log/audit.ts";
import { createIdSet } from "../../../shared/log/audit-ids.ts";
import { createLogAudit, type LogPoint, type LogStop } from "../../../shared/log/audit-log.ts";
import type { SegmentEntry } from "../../../shared/wire/head.ts";
import type { ActionId, UpdateId } from "../../../shared/wire/ids.ts";
import { emptyLogHash, hashLog, type Segment } from "../../../shared/wire/segment.ts";
import { toTimestamp } from "../../../shared/wire/time.ts";
import type { StampedUpdate } from "../../../shared/wire/update.ts";
import { ulid } from "../../fixtures/cli-store.ts";

const { sha256 } = createNodePlatform();

function update(at: number, app: number, seq: number, more: Partial<StampedUpdate> = {}): StampedUpdate {
  const id = at * 10 + app;
  return {
    id: ulid<UpdateId>("B", id),
    app: ulid("A", app),
    seq,
    after: toTimestamp(0),
    modelVersion: 1,
    actions: [{ id: ulid<ActionId>("C", id), name: "add", data: { at } }],
    timestamp: toTimestamp(at),
    ...more,
  };
}

interface Piece {
  readonly segment: Segment;
  readonly entry: SegmentEntry;
}

/** Contiguous segments that end at these times, as publish would write them. */
function pieces(
  ends: readonly (readonly [through: number, updates: readonly StampedUpdate[]])[],
): readonly Piece[] {
  let from = toTimestamp(0);
  let fromHash = emptyLogHash;
  return ends.map(([end, updates]) => {
    const through = toTimestamp(end);
    const hash = hashLog(fromHash, updates, sha256);
    const segment: Segment = { from, through, fromHash, hash, updates, setAside: [] };
    const entry = { from, through, key: `segments/main/${end}`, count: updates.length, bytes: 100, hash };
    [from, fromHash] = [through, hash];
    return { segment, entry };
  });
}

function walk(
  list: readonly { readonly entry: SegmentEntry; readonly segment: Segment | null }[],
  stops: readonly LogStop[] = [],
) {
  const findings = createFindings();
  const fed: number[] = [];
  const feed = (updates: readonly StampedUpdate[]) => void fed.push(...updates.map((one) => one.timestamp));
  const audit = createLogAudit({ sha256, findings, stops, feed });
  for (const { entry, segment } of list) audit.add(entry, segment);
  return { rules: findings.list().map(({ rule, key }) => `${rule} ${key}`), audit, fed };
}

const sound = () =>
  pieces([
    [10, [update(5, 1, 1), update(10, 2, 1)]],
    [20, [update(15, 1, 2)]],
    [30, [update(25, 2, 4), update(30, 1, 3)]],
  ]);

describe("the walk of an audit over the log", () => {
  it("finds nothing in a sound log and counts what it holds", () => {
    const { rules, audit, fed } = walk(sound());
    expect(rules).toEqual([]);
    expect(audit.counts).toEqual({ updates: 5, actions: 5, apps: 2, missing: 2 });
    expect(audit.point()).toMatchObject({ through: 30, whole: true, hash: sound()[2]?.entry.hash });
    expect(fed).toEqual([5, 10, 15, 25, 30]);
  });

  it("gives each stop the hash and marks at its own time, inside a segment and at its end", () => {
    const points: LogPoint[] = [];
    const stop = (at: number): LogStop => ({
      through: toTimestamp(at),
      compare: (point) => void points.push(point),
    });
    const [first] = sound();
    walk(sound(), [stop(20), stop(7), stop(10)]);
    expect(points.map((point) => [point.through, point.whole])).toEqual([
      [7, true],
      [10, true],
      [20, true],
    ]);
    expect(points[0]?.hash).toBe(hashLog(emptyLogHash, first?.segment.updates.slice(0, 1) ?? [], sha256));
    expect(points[1]?.hash).toBe(first?.entry.hash);
    expect(points[0]?.marks.apps[ulid("A", 2)]).toBeUndefined();
    expect(points[2]?.marks.apps[ulid("A", 1)]?.seq).toBe(2);
  });

  it("names the one segment whose updates were changed, and trusts nothing that depends on it", () => {
    const changed = sound().map(({ entry, segment }, i) => {
      if (i !== 1) return { entry, segment };
      return { entry, segment: { ...segment, updates: [update(15, 1, 2, { modelVersion: 2 })] } };
    });
    const { rules, audit, fed } = walk(changed);
    expect(rules).toEqual(["segment segments/main/20"]);
    expect(audit.point().whole).toBe(false);
    expect(fed).toEqual([5, 10]);
  });

  it("goes on behind a segment that cannot be read", () => {
    const points: LogPoint[] = [];
    const compare = (point: LogPoint) => void points.push(point);
    const lost = sound().map((piece, i) => (i === 1 ? { ...piece, segment: null } : piece));
    const { rules, audit } = walk(lost, [
      { through: toTimestamp(17), compare },
      { through: toTimestamp(20), compare },
    ]);
    expect(rules).toEqual([]);
    expect(points.map((point) => [point.hash === null, point.whole])).toEqual([
      [true, false],
      [false, false],
    ]);
    expect(audit.point().hash).toBe(sound()[2]?.entry.hash);
  });

  it("finds seqs, update ids and action ids that are published twice", () => {
    const twice = pieces([
      [10, [update(5, 1, 2)]],
      [20, [update(15, 1, 2), update(16, 2, 1, { id: update(5, 1, 2).id })]],
      [30, [update(25, 3, 1, { actions: update(5, 1, 2).actions })]],
    ]);
    expect(walk(twice).rules).toEqual([
      "seq segments/main/20",
      "update-id segments/main/20",
      "action-id segments/main/30",
    ]);
  });

  it("finds seqs that fall inside one segment", () => {
    expect(walk(pieces([[10, [update(5, 1, 2), update(6, 1, 1)]]])).rules).toEqual(["seq segments/main/10"]);
  });

  it("finds updates outside of the log's order or the segment's range", () => {
    expect(walk(pieces([[10, [update(6, 1, 1), update(5, 2, 1)]]])).rules).toEqual([
      "segment segments/main/10",
    ]);
    expect(walk(pieces([[10, [update(11, 1, 1)]]])).rules).toEqual(["segment segments/main/10"]);
  });

  it("finds an entry that says another count, range or hash than its segment", () => {
    const [{ entry, segment } = fail()] = sound();
    for (const change of [{ count: 3 }, { through: toTimestamp(11) }, { hash: emptyLogHash }])
      expect(walk([{ entry: { ...entry, ...change }, segment }]).rules).toContain(`segment ${entry.key}`);
  });

  it("finds a segment that does not follow the one before it", () => {
    const [first, second] = sound();
    if (!first || !second) fail();
    const other = { ...second.segment, fromHash: "f".repeat(64) };
    expect(walk([first, { entry: second.entry, segment: other }]).rules).toContain(
      `segment ${second.entry.key}`,
    );
  });

  it("lists what was set aside, and says so when it lies outside of the segment's range", () => {
    const [piece] = pieces([[2_000, []]]);
    if (!piece) fail();
    const key = (at: string) => `updates/main/${at}-${ulid("A", 1)}.json`;
    const aside = (at: string) => ({ key: key(at), reason: "it is empty", text: "" });
    const inside = {
      ...piece.segment,
      setAside: [aside("19700101T000001.000Z"), aside("20260101T000000.000Z")],
    };
    const { rules, audit } = walk([{ entry: piece.entry, segment: inside }]);
    expect(rules).toEqual([`set-aside ${piece.entry.key}`, `set-aside-range ${piece.entry.key}`]);
    expect(audit.setAside.has(key("19700101T000001.000Z"))).toBe(true);
  });
});

describe("findings", () => {
  it("keep a hundred of one rule and count the rest", () => {
    const findings = createFindings();
    for (let i = 0; i < 250; i++)
      findings.note({ severity: "warning", rule: "foreign", key: `${i}`, what: "it is", fix: "move it" });
    const list = findings.list();
    expect(list.length).toBe(101);
    expect(list.at(-1)?.what).toBe("it is (and 149 more findings of this kind before it)");
  });
});

describe("the set of ids", () => {
  it("knows each id once", () => {
    const ids = createIdSet();
    const list = Array.from({ length: 5_000 }, (_, i) => ulid("B", i));
    expect(list.every((id) => ids.add(id))).toBe(true);
    expect(list.some((id) => ids.add(id))).toBe(false);
  });
});

function fail(): never {
  throw new Error("the fixture is not what this test needs");
}
