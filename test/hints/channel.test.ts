import fc from "fast-check";
import { expect, it } from "vitest";
import { hintChannel, parseHintChannel } from "../../shared/wire/hint-channel.ts";
import { testStoreId } from "../fixtures/store-host.ts";

const storeIds = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,63}$/).map(testStoreId);

it("A store's channel has only parts that AppSync Events takes, and leads back to the store.", () => {
  fc.assert(
    fc.property(storeIds, (store) => {
      const channel = hintChannel(store);
      const parts = channel.slice(1).split("/");
      // As its documents say of a channel's segments.
      for (const part of parts) expect(part).toMatch(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,48}[A-Za-z0-9])?$/);
      expect(parts.length).toBeLessThanOrEqual(5);
      expect([parseHintChannel(channel), parseHintChannel(channel.slice(1))]).toEqual([store, store]);
    }),
  );
});

it("An ordinary id stands in its channel as it is; others are written with capitals.", () => {
  expect(hintChannel(testStoreId("family"))).toBe("/icecore/family");
  expect(hintChannel(testStoreId("team-a_b-"))).toBe("/icecore/teamDaUbD");
  const long = "0123456789".repeat(6);
  expect(hintChannel(testStoreId(long))).toBe(`/icecore/${long.slice(0, 50)}/${long.slice(50)}`);
});

it("What is no store's channel as we write it leads to none.", () => {
  for (const channel of [
    "",
    "/",
    "/icecore",
    "/icecore/",
    "/icecore/*",
    "/icecore/fam*",
    "/icecore/family/*",
    "/icecore/family/",
    "/icecore/fam/ily",
    "/icecore/Family",
    "/icecore/Ufamily",
    "/icecore/team-a",
    "/icecore/a_b",
    "/icecore/../family",
    "/icecore/family\n",
    "/other/family",
    "//icecore/family",
    `/icecore/${"a".repeat(65)}`,
    `/icecore/${"a".repeat(50)}/${"b".repeat(15)}`,
  ])
    expect([channel, parseHintChannel(channel)]).toEqual([channel, undefined]);
});
