import { describe, expect, it } from "vitest";
import { newMe, type Outbox } from "../../../client/outbox.ts";
import { createPending } from "../../../client/pending.ts";
import type { UpdateRow } from "../../../client/rows.ts";
import { emptyChain } from "../../../shared/wire/marks.ts";
import { toTimestamp, zeroTimestamp } from "../../../shared/wire/time.ts";
import type { StampedUpdate } from "../../../shared/wire/update.ts";
import { testApp, testUpdate } from "../../fixtures/store-host.ts";

const model = { anyVersion: false, version: 1 };
const forecast = { offsetMs: () => 0, shownThrough: () => zeroTimestamp };
const stamped = (app: number, seq: number): StampedUpdate => ({
  ...testUpdate(app, seq),
  timestamp: toTimestamp(seq * 10),
});
const row = (seq: number, storedAt: number | null): UpdateRow => ({
  update: testUpdate(1, seq),
  storedAt: storedAt === null ? null : toTimestamp(storedAt),
  rejected: null,
});

/** `tail seqs | pending keys`, of app 1 as this one, and 2 as another one. */
function shownOf(
  outbox: Partial<Outbox>,
  tail: readonly StampedUpdate[],
  loggedThrough: number = zeroTimestamp,
): string {
  const me = newMe(testApp(1), emptyChain);
  const all = { me, updates: [], waiting: [], dead: [], ...outbox };
  const { list } = createPending(model, forecast);
  const { tail: shown, pending } = list(all, tail, toTimestamp(loggedThrough));
  const keys = pending.flatMap(({ actions }) => actions.map(({ data }) => (data as { key?: string }).key));
  return `${shown.map(({ app, seq }) => `${app === me.app ? "" : "other"}${seq}`).join()} | ${keys.join()}`;
}

describe("What is shown on top of the log", () => {
  const waiting = testUpdate(1, 3).actions.map((action) => ({ action, modelVersion: 1, held: false }));

  it("is the tail, and what of the outbox is not in it", () => {
    const updates = [row(1, 10), row(2, null)];
    expect(shownOf({ updates, waiting }, [stamped(1, 1), stamped(2, 5)])).toBe("1,other5 | k1-2,k1-3");
    expect(shownOf({ updates, waiting }, [stamped(1, 1), stamped(1, 2)])).toBe("1,2 | k1-3");
  });

  it("holds own updates in their order, where the tail lacks an earlier one", () => {
    const updates = [row(1, 10), row(2, 20)];
    expect(shownOf({ updates }, [stamped(1, 2), stamped(2, 5)])).toBe("other5 | k1-1,k1-2");
  });

  it("holds own updates in their order, where the tail has what the rows of another tab have not brought yet", () => {
    expect(
      shownOf(
        { waiting: testUpdate(1, 1).actions.map((action) => ({ action, modelVersion: 1, held: false })) },
        [stamped(1, 1), stamped(1, 2)],
      ),
    ).toBe(" | k1-1");
  });

  it("leaves out what was acknowledged for a time that the log has reached", () => {
    const updates = [row(1, 10), row(2, 20)];
    expect(shownOf({ updates }, [stamped(1, 2)], 10)).toBe("2 | ");
    expect(shownOf({ updates }, [], 10)).toBe(" | k1-2");
  });

  it("ends where the tail has an update of a newer model", () => {
    const newer = { ...stamped(2, 1), modelVersion: 2 };
    expect(shownOf({ updates: [row(2, 20)] }, [newer, stamped(1, 2)])).toBe("other1 | k1-2");
  });
});
