/**
 * A client whose process dies, whose storage fails once, or whose rows are thrown away under it, before or after each of its commits in
 * turn, through a life in which its own updates go out, are folded into a snapshot, and the store is recovered.
 */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Local } from "../../client/local/local.ts";
import { recoverStore } from "../../shared/drive/recover.ts";
import { defineModel, type Model, table } from "../../shared/index.ts";
import { headKey } from "../../shared/wire/keys.ts";
import { createClientWorld } from "../fixtures/client-world.ts";
import { vanishingLocal } from "../fixtures/vanishing-local.ts";

const never = 3_600_000;
const still = {
  sendDelayMs: never,
  sendDelayMsMax: never,
  pollDelayMs: never,
  pollDelayMsMax: never,
  retryDelayMs: never,
  retryDelayMsMax: never,
};

const counter = defineModel({
  name: "counter",
  version: 1,
  state: { counts: table<{ readonly n: number }>(), bulk: table<{ readonly v: string }>() },
  actions: (action) => ({
    add: action(z.object({ key: z.string() }), (state, { key }) => {
      state.counts.set(key, { n: (state.counts.get(key)?.n ?? 0) + 1 });
    }),
    bulk: action(z.object({ v: z.string() }), (state, { v }) => {
      state.bulk.set("only", { v });
    }),
  }),
});

interface Blow {
  /** Which commit. */
  readonly at: number;
  /** The rows of that commit are written all the same. */
  readonly written: boolean;
  /** The process dies with it; else it goes on. */
  readonly dies: boolean;
  /** The rows are thrown away instead, and what memory holds is written anew; a process that dies does so then. */
  readonly vanishes?: boolean;
}

/** A life; gives the number of commits and what is wrong at its end. */
async function live({
  at,
  written,
  dies,
  vanishes = false,
}: Blow): Promise<{ commits: number; wrong: readonly string[] }> {
  const world = await createClientWorld();
  const rowsKept = vanishingLocal(world.local(), { tells: false });
  const network = { down: false };
  let commits = 0;
  let dead = false;
  const local: Local = {
    name: "struck",
    async open(store) {
      const rows = await rowsKept.open(store);
      let gone = false;
      const die = (): void => {
        gone = dies;
        dead = dies;
        network.down = dies;
      };
      return {
        ...rows,
        renewal: {
          listen: () => undefined,
          async renew(all) {
            await rows.renewal?.renew(all);
            die();
          },
        },
        async commit(changes) {
          if (gone) throw new Error("the process is dead");
          commits += 1;
          if (commits !== at) return rows.commit(changes);
          if (written) await rows.commit(changes);
          if (vanishes) {
            await rowsKept.vanish(store);
            return rows.commit(changes);
          }
          die();
          throw new Error("struck");
        },
      };
    },
  };
  const open = () => world.open({ model: counter, local, settings: still, remote: world.remote(network) });
  let client = open();
  const saved: string[] = [];

  async function revive(): Promise<void> {
    if (!dead) return;
    await client.close().catch(() => undefined);
    dead = false;
    network.down = false;
    client = open();
    await client.loaded;
  }
  async function sync(): Promise<void> {
    await client.sync.now().catch(() => undefined);
    await revive();
  }
  async function add(key: string): Promise<void> {
    await client.do.add({ key }).savedLocally.then(
      () => saved.push(key),
      () => undefined,
    );
    await revive();
  }
  const other = world.open({ model: counter, settings: still });
  const rollup = () => world.rollup(counter as unknown as Model<unknown>);
  async function fold(): Promise<void> {
    for (let i = 0; i < 6; i++) {
      other.do.bulk({ v: `${"x".repeat(3_000)}${i}` });
      await other.sync.now();
      await rollup();
    }
  }

  await client.loaded.catch(() => undefined);
  await revive();
  await add("a");
  await sync();
  await rollup();
  await sync();
  await add("b");
  await sync();
  await fold();
  for (const key of ["c", "d"]) {
    await add(key);
    await sync();
  }
  await rollup();
  await sync();
  await add("e");
  await sync();
  await world.host.bucket.delete([headKey(world.store)]);
  await recoverStore(world.host, { store: world.store });
  await add("f");
  await sync();
  await fold();
  await sync();
  await add("g");
  for (let i = 0; i < 4; i++) {
    await sync();
    await rollup();
  }
  await sync();

  const logged = (await world.log()).flatMap(({ actions }) =>
    actions.flatMap(({ name, data }) => (name === "add" ? [(data as { readonly key: string }).key] : [])),
  );
  const fresh = world.open({ model: counter, settings: still });
  await fresh.sync.now();
  const told = (state: typeof fresh.state) => JSON.stringify([...state.counts]);
  const { pending, dead: letters, cloned, phase } = client.sync.status;
  await client.close();
  const again = open();
  await again.loaded;
  const wrong = [
    ...saved.filter((key) => !logged.includes(key)).map((key) => `${key} is lost`),
    ...(new Set(logged).size === logged.length ? [] : [`doubled: ${logged.join()}`]),
    ...(logged.join() === [...logged].sort().join() ? [] : [`out of order: ${logged.join()}`]),
    ...(pending + letters === 0 && !cloned && phase === "idle"
      ? []
      : [`${phase}, pending ${pending}, dead ${letters}, cloned ${cloned}`]),
    ...(told(again.state) === told(fresh.state) ? [] : [`rows give ${told(again.state)}`]),
  ];
  await world.close();
  return { commits, wrong };
}

describe("A client in the life of which one commit goes wrong", () => {
  it.each([
    { dies: true, written: true },
    { dies: true, written: false },
    { dies: false, written: true },
    { dies: false, written: false },
    { dies: false, written: false, vanishes: true },
    { dies: true, written: false, vanishes: true },
  ])(
    "loses, doubles and mistakes nothing, whichever it is (dies $dies, written $written, vanishes $vanishes)",
    async (how) => {
      const { commits, wrong } = await live({ at: -1, written: true, dies: false });
      expect(wrong).toEqual([]);
      expect(commits).toBeGreaterThan(25);
      // Each in a world of its own, so that their waits pass together.
      const lives = Array.from({ length: commits }, async (_, i) => {
        const { wrong: these } = await live({ at: i + 1, ...how });
        return these.map((one) => `commit ${i + 1}: ${one}`);
      });
      expect((await Promise.all(lives)).flat()).toEqual([]);
    },
    120_000,
  );
});
