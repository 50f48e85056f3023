import { describe, expect, it } from "vitest";
import { appendAction, markStored, newMe, type Outbox, settleUpdate } from "../../../client/outbox.ts";
import { followOutbox } from "../../../client/outbox-follow.ts";
import { group } from "../../../client/outbox-group.ts";
import { noChanges, putting } from "../../../client/row-changes.ts";
import type { ActionRow } from "../../../client/rows.ts";
import { newSettings } from "../../../shared/settings.ts";
import { emptyChain } from "../../../shared/wire/marks.ts";
import { toTimestamp } from "../../../shared/wire/time.ts";
import { testApp, testUpdate } from "../../fixtures/store-host.ts";

const empty = (): Outbox => ({ me: newMe(testApp(1), emptyChain), updates: [], waiting: [], dead: [] });
/** The actions of one update are in order of their ids. */
const rows: readonly ActionRow[] = testUpdate(1, 1, [{ key: "a" }, { key: "b" }, { key: "c" }]).actions.map(
  (action) => ({ action, modelVersion: 1, held: false }),
);
const [a, b, c] = rows as [ActionRow, ActionRow, ActionRow];
const settings = newSettings();
const { actionBytesMax: bytesMax } = settings;

describe("An outbox that follows another tab's", () => {
  it("has the actions of all tabs in order of their ids, whichever came first", () => {
    const follower = empty();
    appendAction(follower, b, bytesMax);
    const next = [c, a].reduce(
      (outbox, row) => followOutbox("test", outbox, appendAction(empty(), row, bytesMax)),
      follower,
    );
    expect(next.waiting).toEqual([a, b, c]);
  });

  it("is the leader's after each of its changes: grouped, acknowledged, settled", () => {
    let leader = empty();
    let follower = empty();
    for (const row of rows) follower = followOutbox("test", follower, appendAction(leader, row, bytesMax));
    const grouped = group(leader, {
      id: testUpdate(1, 1).id,
      modelVersion: 1,
      settings,
      shown: toTimestamp(0),
    });
    if (!grouped) throw new Error("nothing was grouped");
    const stored = markStored(grouped.outbox, grouped.row, toTimestamp(1_000));
    const settled = settleUpdate(stored.outbox, grouped.row);
    for (const { outbox, changes } of [grouped, stored, settled]) {
      leader = outbox;
      follower = followOutbox("test", follower, changes);
      expect(follower).toEqual(leader);
    }
    expect([follower.updates, follower.waiting, follower.me.nextSeq]).toEqual([[], [], 2]);
  });

  it("keeps its lists as they are where a commit touches nothing of them", () => {
    const outbox = empty();
    appendAction(outbox, a, bytesMax);
    const next = followOutbox("test", outbox, putting([["place", "{}"]]));
    expect(next.waiting).toBe(outbox.waiting);
    expect(followOutbox("test", outbox, noChanges).dead).toBe(outbox.dead);
  });

  it("refuses a row that it cannot read, by its key", () => {
    expect(() => followOutbox("test", empty(), putting([["action/x", "{}"]]))).toThrow(/Row "action\/x"/);
  });
});
