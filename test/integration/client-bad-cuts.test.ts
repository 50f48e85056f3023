/** Answers that are cut in half on their way to a client, on every route: with a reset, and with an end that looks like a good one. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  atRest,
  type BadWorld,
  createBadWorld,
  type PairsStore,
  put,
  troubled,
} from "../fixtures/bad-world.ts";

let world: BadWorld;
beforeEach(async () => {
  // A snapshot with each rollup, and segments too long for the head.
  world = await createBadWorld({
    settings: { snapshotBytesMin: 1, snapshotAgeMs: 1, inlineBytesMax: 1, gzipBytesMin: 200 },
  });
});
afterEach(() => world.close());

const routes: readonly (readonly [string, RegExp])[] = [
  ["head", /\/head$/],
  ["segment", /\/segments\//],
  ["snapshot", /\/snapshots\//],
  ["tail", /\/tail\b/],
  ["update's", /\/updates$/],
];
const long = "x".repeat(3_000);

/** Somebody's work, of which one part is in a snapshot, one in a segment after it, and one in the tail. */
async function threeParts(): Promise<PairsStore> {
  const other = world.client();
  other.do.put(put("in the snapshot", long));
  await world.settle(other);
  other.do.put(put("in a segment", `${long}2`));
  await other.sync.now();
  await world.rollup(null);
  await other.sync.now();
  other.do.put(put("in the tail", `${long}3`));
  await other.sync.now();
  return other;
}

describe("A client that meets half an answer", () => {
  for (const fate of ["half", "halfAndClosed"] as const)
    it.each(routes)(
      `applies nothing of the half %s, says that it broke off, and reads the whole next time (${fate})`,
      async (_, route) => {
        const other = await threeParts();
        const client = world.client({ folder: "mine" });
        await client.loaded;
        client.do.put(put("mine"));
        let met = 0;
        world.front.decide(({ path }) => {
          if (!route.test(path)) return "pass";
          met += 1;
          return fate;
        });
        await expect(client.sync.now()).rejects.toMatchObject({ kind: "unavailable" });
        expect(met).toBeGreaterThan(0);
        expect(client.sync.status).toMatchObject(
          troubled("offline", 1, /broke off its answer|not icecore's|did not answer/, /tried again/),
        );
        expect(client.state.pairs.get("mine")).toEqual({ value: "mine" });
        for (const [key, { value }] of client.confirmedState.pairs)
          expect([key, value]).toEqual([key, other.state.pairs.get(key)?.value]);
        world.front.decide(() => "pass");
        await world.settle(client, other);
        for (const store of [client, other]) {
          expect(store.sync.status).toMatchObject(atRest);
          expect([...store.confirmedState.pairs.keys()].sort()).toEqual(
            ["in a segment", "in the snapshot", "in the tail", "mine"].sort(),
          );
        }
        expect([...(await world.logged())].sort()).toEqual(
          ["in a segment", "in the snapshot", "in the tail", "mine"].sort(),
        );
      },
    );
});
