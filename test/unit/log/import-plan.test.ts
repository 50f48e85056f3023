import { describe, expect, test } from "vitest";
import { standInApp, standInUpdate } from "../../../shared/log/import-ids.ts";
import { createImportPlan, type ImportPlan, splitRaw } from "../../../shared/log/import-plan.ts";
import type { ActionId } from "../../../shared/wire/ids.ts";
import { toTimestamp } from "../../../shared/wire/time.ts";
import type { StampedUpdate } from "../../../shared/wire/update.ts";
import { ulid } from "../../fixtures/cli-store.ts";
import { sha256, update } from "./exports.ts";

const epoch = "n5p6q7r8s9t0v1w2";

function planOf(...there: readonly StampedUpdate[]): ImportPlan {
  const plan = createImportPlan({ epoch, sha256 });
  plan.noteThere(there);
  return plan;
}

/** Decides, and stores what is to be appended, under the next of these times. */
function importAll(plan: ImportPlan, lines: readonly StampedUpdate[], from = 1_000) {
  let at = from;
  return lines.map((line) => {
    const decision = plan.decide(line);
    if (decision.is === "append") {
      at += 1;
      plan.noteStored(decision.update, toTimestamp(at));
    }
    return decision;
  });
}

const standIn = (app: number) => standInApp(epoch, ulid("A", app), sha256);
const actionOf = (id: number) => ({ id: ulid<ActionId>("C", id), name: "add", data: { id } });

describe("Into an empty store", () => {
  test("every update comes in under its own app, seq and id, each after the one before.", () => {
    const lines = [update(10, 1, 1), update(20, 2, 1), update(30, 1, 4, { after: toTimestamp(10) })];
    expect(importAll(planOf(), lines)).toEqual(
      lines.map(({ timestamp: _, ...line }, i) => ({
        is: "append",
        update: { ...line, after: i === 0 ? 0 : 1_000 + i },
        renamed: false,
        leftOut: 0,
      })),
    );
  });

  test("an update without actions comes in too: it settles a seq.", () => {
    expect(planOf().decide(update(10, 1, 1, { actions: [] }))).toMatchObject({ is: "append" });
  });

  test("an action that comes twice in one update comes in once.", () => {
    const twice = update(10, 1, 1, { actions: [actionOf(1), actionOf(2), actionOf(1)] });
    expect(planOf().decide(twice)).toMatchObject({ leftOut: 1, update: { actions: [{}, {}] } });
  });
});

describe("What the target has", () => {
  test("is skipped by its id, and what follows comes after its timestamp there.", () => {
    const plan = planOf(update(500, 1, 1, { id: 10 }), update(900, 9, 1));
    expect(plan.decide(update(10, 1, 1))).toEqual({ is: "there" });
    expect(plan.decide(update(20, 1, 2))).toMatchObject({ is: "append", update: { after: 500, seq: 2 } });
  });

  test("is skipped by its actions, though its id is another; some of them are left out.", () => {
    const plan = planOf(update(500, 7, 1, { id: 70, actions: [actionOf(1), actionOf(2)] }));
    expect(plan.decide(update(10, 1, 1, { id: 1 }))).toEqual({ is: "there" });
    const partly = update(20, 1, 2, { actions: [actionOf(2), actionOf(3)] });
    expect(plan.decide(partly)).toMatchObject({ leftOut: 1, update: { actions: [actionOf(3)], seq: 2 } });
  });

  test("is skipped wherever it stands, so that a second import appends nothing.", () => {
    const target = update(5, 1, 1, { id: 99 });
    const lines = [update(10, 1, 1), update(20, 1, 2), update(30, 2, 1), update(40, 1, 3)];
    const plan = planOf(target);
    expect(importAll(plan, lines).filter(({ is }) => is === "append").length).toBe(4);
    expect(importAll(plan, lines, 2_000)).toEqual(lines.map(() => ({ is: "there" })));
  });
});

describe("Where another update has an update's app and seq", () => {
  const others = [update(5, 1, 1, { id: 91 }), update(6, 1, 2, { id: 92 })];
  const lines = [update(10, 1, 1), update(20, 2, 1), update(30, 1, 2), update(40, 1, 3), update(50, 1, 9)];

  test("it and those after it go to the app's stand-in, numbered anew; other apps stay.", () => {
    const decisions = importAll(planOf(...others), lines);
    const [one, two, ...rest] = decisions.map((one) => (one.is === "append" ? one : null));
    const id = standInUpdate(standIn(1), ulid("B", 10), sha256);
    expect(one).toMatchObject({
      renamed: true,
      update: { app: standIn(1), seq: 1, id, actions: [actionOf(10)] },
    });
    expect(two).toMatchObject({ renamed: false, update: { app: ulid("A", 2), seq: 1 } });
    expect(rest.map((one) => [one?.update.app, one?.update.seq])).toEqual([
      [standIn(1), 2],
      [standIn(1), 3],
      [standIn(1), 4],
    ]);
  });

  test("a later import goes on with the same stand-in, from what the target has of it.", () => {
    const first = planOf(...others);
    const stored = importAll(first, lines.slice(0, 3)).flatMap((one, i) =>
      one.is === "append" ? [{ ...one.update, timestamp: toTimestamp(1_000 + i) }] : [],
    );
    const decisions = importAll(planOf(...others, ...stored), lines);
    expect(decisions.map((one) => (one.is === "append" ? [one.update.app, one.update.seq] : one.is))).toEqual(
      ["there", "there", "there", [standIn(1), 3], [standIn(1), 4]],
    );
  });

  test("its actions that the target has are left out there, too.", () => {
    const plan = planOf(update(5, 1, 1, { id: 91, actions: [actionOf(10)] }));
    const line = update(10, 1, 1, { actions: [actionOf(10), actionOf(11)] });
    expect(plan.decide(line)).toMatchObject({
      renamed: true,
      leftOut: 1,
      update: { actions: [actionOf(11)] },
    });
    expect(planOf(update(5, 1, 1, { id: 91, actions: [actionOf(10)] })).decide(update(10, 1, 1))).toEqual({
      is: "there",
    });
  });

  test("a lower seq that the target passed over counts as taken: it would be dropped.", () => {
    expect(planOf(update(5, 1, 8, { id: 91 })).decide(update(10, 1, 3))).toMatchObject({ renamed: true });
  });
});

describe("Of the raw updates above a position", () => {
  const raw = [update(10, 1, 1), update(20, 2, 1), update(30, 1, 2), update(40, 3, 1), update(50, 2, 2)];
  const idsOf = (updates: readonly StampedUpdate[]) => updates.map(({ timestamp }) => timestamp);

  test("those above the seal are sure, and sealed ones that their app went on from.", () => {
    const { sure, unsure } = splitRaw(raw, toTimestamp(40));
    expect([idsOf(sure), idsOf(unsure)]).toEqual([
      [10, 20, 50],
      [30, 40],
    ]);
  });

  test("all are sure where nothing is sealed, and where all apps' last ones are not.", () => {
    expect(idsOf(splitRaw(raw, toTimestamp(0)).unsure)).toEqual([]);
    expect(idsOf(splitRaw(raw, toTimestamp(29)).unsure)).toEqual([]);
  });
});
