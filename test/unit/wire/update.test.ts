import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonObject } from "../../../shared/json.ts";
import { encodeUpdate, hashedText, parseUpdate } from "../../../shared/wire/update.ts";
import { stampedUpdates, updates } from "./arbitrary.ts";

const sent = (value: unknown) => JSON.parse(JSON.stringify(value)) as JsonObject;

test("Every update is read back as it was written.", () => {
  fc.assert(
    fc.property(updates, (update) => {
      expect(parseUpdate(sent(encodeUpdate(update)))).toEqual({ ok: true, value: sent(update) });
    }),
  );
});

test("An update without a principal stores none.", () => {
  fc.assert(
    fc.property(updates, ({ principal: _, ...update }) => {
      expect(Object.keys(encodeUpdate(update))).not.toContain("principal");
    }),
  );
});

test("What is hashed does not depend on the order of members in a body.", () => {
  fc.assert(
    fc.property(stampedUpdates, (update) => {
      const { timestamp, ...rest } = sent(update);
      const turned = Object.fromEntries(Object.entries({ ...rest, timestamp }).reverse());
      expect(hashedText(turned as never)).toBe(hashedText(sent(update) as never));
    }),
  );
});

test("What is hashed differs for two updates that differ, and for two timestamps of one.", () => {
  fc.assert(
    fc.property(stampedUpdates, stampedUpdates, (a, b) => {
      const same =
        JSON.stringify(encodeUpdate(a)) === JSON.stringify(encodeUpdate(b)) && a.timestamp === b.timestamp;
      expect(hashedText(a) === hashedText(b)).toBe(same);
      expect(hashedText({ ...a, timestamp: b.timestamp }) === hashedText(a)).toBe(
        a.timestamp === b.timestamp,
      );
    }),
  );
});

test.each([
  ["id", "x", 'id "x" is not well formed'],
  ["app", 7, "app 7 is not well formed"],
  ["seq", 0, "seq is 0, not a whole number from 1"],
  ["seq", 1.5, "seq is 1.5, not a whole number from 0"],
  ["seq", 2 ** 53, "seq is 9007199254740992, not a whole number from 0"],
  ["after", "yesterday", 'after is "yesterday", not a timestamp such as 20261121T090503.209Z'],
  ["modelVersion", "2", 'modelVersion is "2", not a whole number from 0'],
  ["actions", {}, "actions is an object, not a list"],
  ["actions", [null], "actions[0] is null, not an object"],
  ["principal", null, "principal is null, not a text"],
])("An update whose %s is %j is refused: %s.", (member, value, reason) => {
  const [update] = fc.sample(updates, { numRuns: 1, seed: 1 });
  if (!update) throw new Error("no sample");
  expect(parseUpdate({ ...encodeUpdate(update), [member]: value })).toEqual({ ok: false, reason });
});

test("An action without data has the data null.", () => {
  const body = {
    format: "icecore-update-1",
    id: "01M7YNM6AG3G4R8RW2WGGTEHY5",
    app: "01M7YNM3K0YBGG07P5Y7N9X117",
    seq: 1,
    after: "19700101T000000.000Z",
    modelVersion: 1,
    actions: [{ id: "01M7YNM4YRRFQXAW30JTNQCX2E", name: "clear" }],
  };
  expect(parseUpdate(body)).toMatchObject({ ok: true, value: { actions: [{ name: "clear", data: null }] } });
});
