/** Snapshots that no honest rollup would write, met by a client over HTTP: none is loaded, none takes anything away, and the right one heals. */
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { readStoreHead } from "../../shared/drive/store.ts";
import { defineModel, table } from "../../shared/index.ts";
import { canonicalText, type Json, type JsonObject } from "../../shared/json.ts";
import type { Model } from "../../shared/model/model.ts";
import { headKey } from "../../shared/wire/keys.ts";
import { formatTimestamp, toTimestamp } from "../../shared/wire/time.ts";
import { atRest, type BadWorld, createBadWorld, put, troubled } from "../fixtures/bad-world.ts";
import { editJson, readJson, writeBytes, writeJson } from "../fixtures/edit-objects.ts";
import type { pairsModel } from "../fixtures/pairs-model.ts";

const stateBytesMax = 2 * 1024 * 1024;
/** Opens to far more than a client takes. */
const bombBytes = 300 * 1024 * 1024;

let world: BadWorld;
let key = "";
let honest: JsonObject = {};

beforeEach(async () => {
  world = await createBadWorld({ settings: { snapshotBytesMin: 1, snapshotAgeMs: 1 } });
  const writer = world.client({ folder: "writer" });
  writer.do.put(put("theirs"));
  await world.settle(writer);
  await writer.close();
  key = Object.values((await readStoreHead(world.api.host, world.api.store)).head.snapshots)[0]?.key ?? "";
  honest = await readJson(world.api.host, key);
  expect(honest).toMatchObject({ modelName: "pairs", state: { pairs: { theirs: { value: "theirs" } } } });
});
afterEach(() => world.close());

/** As somebody who may write the bucket: snapshot and head agree. */
async function rewrite(snapshot: JsonObject, { matching = true, text = JSON.stringify(snapshot) } = {}) {
  const { host, store } = world.api;
  await writeBytes(host, key, text);
  if (!matching) return;
  const stateHash = host.platform.sha256(canonicalText(snapshot.state as Json));
  await editHead((entry) => ({ ...entry, stateHash }));
  expect(store).toBe("main");
}

async function editHead(change: (entry: JsonObject) => JsonObject): Promise<void> {
  const { host, store } = world.api;
  await editJson(host, headKey(store), (head) => {
    const [[version, entry] = ["1", {}]] = Object.entries(head.snapshots as Record<string, JsonObject>);
    return { ...head, rev: Number(head.rev) + 1, snapshots: { [version]: change(entry) } };
  });
  await host.platform.wait(5);
}

const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const stateOf = (text: string): JsonObject => ({ ...honest, state: JSON.parse(text) as Json });

describe("A client that meets a hostile snapshot", () => {
  const cases: readonly (readonly [string, () => Promise<void>, RegExp, string?])[] = [
    [
      "whose state does not match its hash",
      () => rewrite({ ...honest, state: { pairs: { forged: { value: 1 } } } }, { matching: false }),
      /state does not match its hash/,
    ],
    [
      "with a state under __proto__",
      () => rewrite(stateOf('{"pairs":{"theirs":{"value":1}},"__proto__":{"polluted":true}}')),
      /cannot be loaded|__proto__/,
    ],
    [
      "with a row under __proto__",
      () => rewrite(stateOf('{"pairs":{"__proto__":{"value":1,"polluted":true}}}')),
      /cannot be loaded|__proto__/,
    ],
    [
      "with a value under __proto__",
      () => rewrite(stateOf('{"pairs":{"theirs":{"value":{"__proto__":{"polluted":true}}}}}')),
      /cannot be loaded|__proto__/,
    ],
    [
      "nested a hundred thousand levels deep",
      () =>
        rewrite(honest, {
          matching: false,
          text: JSON.stringify(honest).replace('"theirs"}', `${nested(100_000)}}`),
        }),
      /nested deeper/,
    ],
    [
      "of another model",
      () => rewrite({ ...honest, modelName: "chess" }),
      /snapshots are of model "chess", not "pairs"/,
      "upgrade",
    ],
    [
      "that the model's own decode refuses",
      () => rewrite(stateOf('{"pairs":[1,2,3]}')),
      /does not have the shape/,
    ],
    [
      "of a table whose rows are none",
      () => rewrite(stateOf('{"pairs":{"theirs":{"$":"chess"}}}')),
      /is malformed/,
    ],
    [
      "of another time than the head says",
      () => rewrite({ ...honest, through: formatTimestamp(toTimestamp(Date.now() + 3_600_000)) }),
      /not the one listed in the head/,
    ],
    [
      "of a newer release",
      () => rewrite({ ...honest, format: "icecore-snapshot-9" }, { matching: false }),
      /format is "icecore-snapshot-9"/,
      "upgrade",
    ],
    [
      "that is cut",
      () => rewrite(honest, { matching: false, text: JSON.stringify(honest).slice(0, 90) }),
      /no JSON|broke off|not icecore's/,
      "any",
    ],
    ["that is no snapshot", () => rewrite({ ...honest, format: "cake" }, { matching: false }), /format/],
    [
      "that is deleted",
      async () => void (await world.api.host.bucket.delete([key])),
      /is listed in the head .* but is not there/,
    ],
  ];

  it.each(cases.map(([name, spoil, told, phase = "corrupt"]) => [name, spoil, told, phase] as const))(
    "loads none %s, says so, keeps and sends its own work, and is well once it is put right",
    async (_, spoil, told, phase) => {
      await spoil();
      const client = world.client({ folder: "mine" });
      client.do.put(put("mine"));
      await expect(client.sync.now()).rejects.toMatchObject({ name: "StoreError" });
      const { status } = client.sync;
      const expected = phase === "any" ? status.phase : phase;
      expect(status).toMatchObject(troubled(expected, 1, told));
      expect([...client.state.pairs]).toEqual([["mine", { value: "mine" }]]);
      expect([...client.confirmedState.pairs]).toEqual([]);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
      await client.close();
      const again = world.client({ folder: "mine" });
      await expect(again.sync.now()).rejects.toMatchObject({ name: "StoreError" });
      expect(again.sync.status).toMatchObject(troubled(expected, 1, told));
      await heal();
      await world.settle(again);
      expect(again.sync.status).toMatchObject(atRest);
      expect([...again.confirmedState.pairs.keys()].sort()).toEqual(["mine", "theirs"]);
      expect(await world.logged()).toEqual(["theirs", "mine"]);
    },
  );

  it.each([
    ["that the server unpacks on the way", { "content-encoding": "gzip" }],
    ["that comes packed without a word", {}],
  ] as const)("reads a gzip bomb no further than it takes, %s", async (_, headers) => {
    const bomb = gzipSync(Buffer.alloc(bombBytes, 0x20), { level: 1 });
    const { host } = world.api;
    await writeBytes(host, key, bomb);
    world.front.decide(({ path }) =>
      path.includes("/snapshots/")
        ? {
            status: 200,
            headers: {
              "content-type": "application/json",
              "content-length": String(bomb.length),
              ...headers,
            },
            body: bomb,
          }
        : "pass",
    );
    const client = world.client({ settings: { objectBytesMax: stateBytesMax } });
    client.do.put(put("mine"));
    const before = process.memoryUsage().rss;
    await expect(client.sync.now()).rejects.toMatchObject({ kind: "corrupt" });
    expect(process.memoryUsage().rss - before).toBeLessThan(bombBytes / 2);
    expect(client.sync.status).toMatchObject(troubled("corrupt", 1, /more than 2097152/, /verify/));
    expect(client.state.pairs.get("mine")).toEqual({ value: "mine" });
    world.front.decide(() => "pass");
    await heal();
    await world.settle(client);
    expect(client.sync.status).toMatchObject(atRest);
    expect(await world.logged()).toEqual(["theirs", "mine"]);
  });

  // Needs shared/wire/head.ts to refuse a head whose snapshot lies above publishedThrough.
  it("does not run ahead of the log by one of a time that has not come, and misses nothing", async () => {
    const client = world.client();
    const { host, store } = world.api;
    const honestHead = await readJson(host, headKey(store));
    const through = formatTimestamp(toTimestamp(Date.now() + 3_600_000));
    const ahead = key.replace(/\d{8}T\d{6}\.\d{3}Z/, through);
    await writeJson(host, ahead, { ...honest, through });
    await editHead((entry) => ({ ...entry, through, key: ahead }));
    client.do.put(put("mine"));
    await expect(client.sync.now()).rejects.toMatchObject({ name: "StoreError" });
    expect(client.sync.status).toMatchObject(troubled("corrupt", 1, /./));
    expect(client.sync.status.position).toBe(0);
    await writeJson(host, headKey(store), { ...honestHead, rev: Number(honestHead.rev) + 2 });
    await host.platform.wait(5);
    await world.settle(client);
    expect(client.sync.status).toMatchObject(atRest);
    expect([...client.confirmedState.pairs.keys()].sort()).toEqual(["mine", "theirs"]);
  });

  it("keeps showing its own work where the snapshot of its own version cannot be had after an upgrade", async () => {
    const first = world.client({ folder: "mine" });
    await first.sync.now();
    first.do.put(put("mine"));
    await first.close();
    const { host, store } = world.api;
    const entry = (await readStoreHead(host, store)).head.snapshots["1"];
    await editJson(host, headKey(store), (head) => ({
      ...head,
      rev: Number(head.rev) + 1,
      snapshots: {
        "2": {
          ...(head.snapshots as Record<string, JsonObject>)["1"],
          key: key.replace("-m1-", "-m2-"),
        },
      },
    }));
    expect(entry).toBeDefined();
    const second = world.open(newer as unknown as typeof pairsModel, { folder: "mine" });
    await second.sync.now().catch(() => undefined);
    expect([...second.state.pairs.keys()].sort()).toEqual(["mine", "theirs"]);
    expect(second.sync.status.error).not.toBeNull();
    expect(second.sync.status.pending).toBe(1);
  });
});

const newer: Model<unknown> = defineModel({
  name: "pairs",
  version: 2,
  migrate: { 1: (state: unknown) => state },
  state: { pairs: table<{ readonly value: unknown }>() },
  actions: (action) => ({
    put: action(z.object({ key: z.string(), value: z.unknown() }), (state, { key: at, value }) => {
      state.pairs.set(at, { value });
    }),
  }),
}) as unknown as Model<unknown>;

async function heal(): Promise<void> {
  const { host } = world.api;
  await host.bucket.delete([key]);
  await writeJson(host, key, honest);
  await editHead((entry) => ({ ...entry, stateHash: honest.stateHash as string }));
}
