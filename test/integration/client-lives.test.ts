/** Clients whose store has several lives, whose storage has copies, and whose promises must end. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Local, Rows } from "../../client/local/local.ts";
import type { Remote } from "../../client/remote/remote.ts";
import { recoverStore } from "../../shared/drive/recover.ts";
import { createStore } from "../../shared/drive/store.ts";
import { headKey } from "../../shared/wire/keys.ts";
import { type ClientWorld, createClientWorld } from "../fixtures/client-world.ts";

const never = 3_600_000;
const settings = {
  sendDelayMs: never,
  sendDelayMsMax: never,
  pollDelayMs: never,
  pollDelayMsMax: never,
  retryDelayMs: never,
  retryDelayMsMax: never,
};
const put = (key: string, value: unknown = key) => ({ key, value });

let world: ClientWorld;
beforeEach(async () => {
  world = await createClientWorld();
});
afterEach(() => world.close());

async function makeAnew(): Promise<void> {
  const { objects } = await world.host.bucket.list("");
  await world.host.bucket.delete(objects.map(({ key }) => key));
  await world.host.platform.wait(5);
  await createStore(world.host, world.store);
  await world.host.platform.wait(5);
}

async function inLog(key: string): Promise<number> {
  const actions = (await world.log()).flatMap((update) => update.actions);
  return actions.filter(({ data }) => (data as { readonly key?: string }).key === key).length;
}

async function rowsOf(local: Local): Promise<Rows> {
  const open = await local.open(world.store);
  const rows = await open.load();
  await open.close();
  return rows;
}

async function localWith(rows: Rows): Promise<Local> {
  const local = world.local();
  const open = await local.open(world.store);
  await open.commit({ put: rows, delete: [] });
  await open.close();
  return local;
}

/** Sends are cut while it says so. */
function cuttable(remote: Remote, cut: { now: boolean; after?: boolean }): Remote {
  return {
    name: remote.name,
    open(store) {
      const to = remote.open(store);
      return {
        ...to,
        async send(update) {
          if (cut.now && !cut.after) throw new Error("cut");
          const outcome = await to.send(update);
          if (cut.now) throw new Error("cut");
          return outcome;
        },
      };
    },
  };
}

describe("A store that begins a new life while the app is closed", () => {
  it("gets what the old one acknowledged and never published, where nothing was published before", async () => {
    const local = world.local();
    const first = world.client({ local, settings });
    const handle = first.do.put(put("acked"));
    await first.sync.now();
    await handle.stored;
    await first.close();
    await makeAnew();
    const again = world.client({ local, settings });
    for (let i = 0; i < 3; i++) {
      await again.sync.now();
      await world.rollup();
    }
    again.do.put(put("next"));
    for (let i = 0; i < 3; i++) {
      await again.sync.now();
      await world.rollup();
    }
    await again.sync.now();
    expect([...again.confirmedState.pairs.keys()]).toEqual(["acked", "next"]);
    expect(again.sync.status).toMatchObject({ pending: 0, dead: 0, cloned: false });
  });

  it("wiped and later recovered, is no stranger, and holds nothing twice", async () => {
    const local = world.local();
    let client = world.client({ local, settings });
    const go = async (): Promise<void> => {
      await client.sync.now();
      await world.rollup();
      await client.sync.now();
    };
    client.do.put(put("a"));
    await go();
    await makeAnew();
    client.do.put(put("b"));
    await go();
    await go();
    client.do.put(put("c"));
    await client.sync.now();
    await client.close();
    const other = world.client({ settings });
    for (let i = 0; i < 30; i++) {
      other.do.put(put(`other${i}`, "x".repeat(4_000)));
      await other.sync.now();
      await world.rollup();
    }
    await world.host.bucket.delete([headKey(world.store)]);
    await recoverStore(world.host, { store: world.store });
    client = world.client({ local, settings });
    await client.loaded;
    await go();
    await go();
    expect(await inLog("c")).toBe(1);
    expect(client.sync.status).toMatchObject({ pending: 0, dead: 0, cloned: false });
  });
});

describe("A copy of a storage", () => {
  it("sends what it grouped under its old name and nobody answered, before what it makes under its new one", async () => {
    const local = world.local();
    const first = world.client({ local, settings });
    first.do.put(put("before"));
    await first.sync.now();
    await world.rollup();
    await first.sync.now();
    await first.close();
    const rows = await rowsOf(local);
    const original = world.client({ local, settings });
    const cut = { now: false };
    const copy = world.client({
      local: await localWith(rows),
      settings,
      remote: cuttable(world.remote({ down: false }), cut),
    });
    await Promise.all([original.sync.now(), copy.sync.now()]);
    original.do.put(put("original2"));
    await original.sync.now();
    copy.do.put(put("copy2"));
    await copy.sync.now();
    cut.now = true;
    copy.do.put(put("copy3"));
    await copy.sync.now().catch(() => undefined);
    cut.now = false;
    await world.rollup();
    copy.do.put(put("copy4"));
    for (let i = 0; i < 6; i++) {
      await copy.sync.now();
      await original.sync.now();
      await world.rollup();
    }
    await copy.sync.now();
    expect(copy.sync.status).toMatchObject({ pending: 0, dead: 0, cloned: true });
    for (const key of ["original2", "copy2", "copy3", "copy4"])
      expect([key, await inLog(key)]).toEqual([key, 1]);
  });
});

describe("An action's promises", () => {
  it("are refused, all that are open, when the action is dropped before it was sent", async () => {
    const client = world.client({ settings });
    const handle = client.do.put(put("dropped"));
    client.outbox.drop(handle.id);
    await expect(handle.stored).rejects.toThrow(/was dropped before it was sent/);
    await expect(handle.published).rejects.toThrow(/was dropped before it was sent/);
  });

  it("are kept where its acknowledgement was lost and the log shows it first", async () => {
    const cut = { now: true, after: true };
    const client = world.client({ settings, remote: cuttable(world.remote({ down: false }), cut) });
    const handle = client.do.put(put("unheard"));
    await client.sync.now().catch(() => undefined);
    await world.rollup();
    cut.now = false;
    await client.sync.now();
    await handle.published;
    const [update] = await world.log();
    expect(await handle.stored).toBe(update?.timestamp);
  });
});

describe("An action that is too large for the store", () => {
  it("is set aside with the reason, and holds nobody up, in direct mode too", async () => {
    // The app's own limit is higher than its store's.
    const client = world.client({ settings: { ...settings, actionBytesMax: 1_000_000 } });
    client.do.put(put("large", "x".repeat(300_000)));
    await client.sync.now();
    client.do.put(put("small"));
    for (let i = 0; i < 3; i++) {
      await client.sync.now();
      await world.rollup();
    }
    await client.sync.now();
    expect([...client.confirmedState.pairs.keys()]).toEqual(["small"]);
    expect(client.sync.status).toMatchObject({ pending: 0, dead: 1, phase: "idle" });
  });

  it.each([
    ["x", 1],
    ["ü", 2],
    ["€", 3],
  ])(
    "is refused at the call where its data, of %s, has one byte too many, and nothing has changed",
    async (letter, bytes) => {
      const actionBytesMax = 3_000;
      const client = world.client({ settings: { ...settings, actionBytesMax } });
      const around = JSON.stringify(put("k", "")).length;
      const fitting = letter.repeat(Math.floor((actionBytesMax - around) / bytes));
      client.do.put(put("k", fitting));
      const { state } = client;
      const tooLong = around + (fitting.length + 1) * bytes;
      expect(() => client.do.put(put("l", fitting + letter))).toThrow(
        expect.objectContaining({
          kind: "limit",
          what: `Action "put" has ${tooLong} bytes of data, ${actionBytesMax} are allowed`,
        }),
      );
      expect([client.state === state, client.outbox.list().length]).toEqual([true, 1]);
      await client.sync.now();
      await world.rollup();
      await client.sync.now();
      expect(client.sync.status).toMatchObject({ pending: 0, dead: 0, phase: "idle" });
      expect([...client.confirmedState.pairs.keys()]).toEqual(["k"]);
    },
  );
});
