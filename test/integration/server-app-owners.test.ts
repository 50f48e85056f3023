/** App ids that belong to who signed in, over real HTTP: what it costs, who is let in, and what it means for a client's outbox. */

import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createFaultyBucket } from "../../bucket/faulty.ts";
import { createFolderBucket } from "../../bucket/folder.ts";
import { createMemoryBucket } from "../../bucket/memory.ts";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { auditStore } from "../../shared/drive/audit.ts";
import { examineBucket } from "../../shared/drive/doctor.ts";
import { collectGarbage, listStores } from "../../shared/drive/store.ts";
import { StoreError } from "../../shared/errors.ts";
import { newSettings } from "../../shared/settings.ts";
import { appKey, appsPrefix } from "../../shared/wire/keys.ts";
import { type ApiServer, startApi } from "../fixtures/api-server.ts";
import { atRest, type BadWorld, createBadWorld, put, troubled } from "../fixtures/bad-world.ts";
import { cliHere } from "../fixtures/cli-run.ts";
import { testApp, testUpdate } from "../fixtures/store-host.ts";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** The token is its holder's name, with an app id after a slash where it has that claim. */
const byName = {
  authenticate(request: Request) {
    const token = request.headers.get("authorization");
    if (token === null) return null;
    const [sub, app] = token.replace("Bearer ", "").split("/");
    return { sub, ...(app === undefined ? {} : { app }) };
  },
  authorize: ({ claims }: { claims: unknown }) => claims !== null,
};
const as = (name: string) => ({ authorization: `Bearer ${name}` });
const app = testApp(1);

async function start(options: Parameters<typeof startApi>[0] = {}): Promise<ApiServer> {
  const api = await startApi({ ...byName, ...options });
  open.push(api);
  return api;
}

function counted({ host }: ApiServer) {
  const { put, get, list, swap } = host.bucket.counts();
  host.bucket.reset();
  return { put, get, list, swap };
}

/** The store's head is known, so that only the update itself is counted. */
async function warm(api: ApiServer, headers?: Readonly<Record<string, string>>): Promise<void> {
  expect((await api.post(testUpdate(9, 1), headers)).status).toBe(200);
  counted(api);
}

async function ownersOf({ host }: ApiServer): Promise<readonly string[]> {
  return (await host.bucket.list(appsPrefix)).objects.map(({ key }) => key);
}

describe("An update", () => {
  it("is 2 PUT and 1 GET the first time an app sends one, and 1 PUT and 1 GET from then on", async () => {
    const api = await start();
    await warm(api, as("eve"));
    expect((await api.post(testUpdate(1, 1), as("ann"))).status).toBe(200);
    expect(counted(api)).toEqual({ put: 2, get: 1, list: 0, swap: 0 });
    for (let seq = 2; seq <= 4; seq++) {
      expect((await api.post(testUpdate(1, seq), as("ann"))).status).toBe(200);
      expect(counted(api)).toEqual({ put: 1, get: 1, list: 0, swap: 0 });
    }
  });

  it("is 1 PUT and 2 GET the first time that another process takes one of that app", async () => {
    const inner = createMemoryBucket();
    const first = await start({ inner });
    expect((await first.post(testUpdate(1, 1), as("ann"))).status).toBe(200);
    const second = await start({ inner });
    await warm(second, as("eve"));
    expect((await second.post(testUpdate(1, 2), as("ann"))).status).toBe(200);
    expect(counted(second)).toEqual({ put: 1, get: 2, list: 0, swap: 0 });
    expect((await second.post(testUpdate(1, 3), as("ann"))).status).toBe(200);
    expect(counted(second)).toEqual({ put: 1, get: 1, list: 0, swap: 0 });
  });

  it("costs nothing more with a token for its app, where nobody signs in, and where owners are off", async () => {
    for (const [options, headers] of [
      [{}, as(`ann/${app}`)],
      [{ authorize: () => true }, undefined],
      [{ appOwners: "off" }, as("ann")],
    ] as const) {
      const api = await start(options);
      await warm(api, headers?.authorization.includes("/") ? as(`eve/${testApp(9)}`) : headers);
      expect((await api.post(testUpdate(1, 1), headers)).status).toBe(200);
      expect(counted(api)).toEqual({ put: 1, get: 1, list: 0, swap: 0 });
      expect(await ownersOf(api)).toEqual([]);
    }
  });

  it("of somebody else's app is refused before it is stored, by claim and by principal, and told nothing of its owner", async () => {
    const api = await start();
    expect((await api.post(testUpdate(1, 1), as("ann"))).status).toBe(200);
    counted(api);
    for (const name of ["bob", `ann/${testApp(2)}`, "bob/"]) {
      const answer = await api.post(testUpdate(1, 2), as(name));
      expect([name, answer.status]).toEqual([name, 403]);
      expect(answer.body).toMatchObject({
        error: { kind: "unauthorized", fix: expect.stringMatching(/local storage/) },
      });
      expect(JSON.stringify(answer.body)).not.toContain("ann");
    }
    expect(counted(api)).toEqual({ put: 0, get: 0, list: 0, swap: 0 });
    await api.rollup();
    const head = (await api.call("/v1/stores/main/head", { headers: as("ann") })).body;
    expect(head).toMatchObject({ segments: [{ count: 1 }] });
  });

  it("that is none, or not of its model, makes no owner", async () => {
    const api = await start();
    const wrong = testUpdate(1, 1, [{ key: 7 as never, value: 1 }]);
    expect((await api.post(wrong, as("ann"))).status).toBe(422);
    expect((await api.post("{}", as("ann"))).status).toBe(422);
    expect((await api.post({ ...testUpdate(1, 1), modelVersion: 9 }, as("ann"))).status).toBe(429);
    expect(await ownersOf(api)).toEqual([]);
    expect((await api.post(testUpdate(1, 1), as("bob"))).status).toBe(200);
  });

  it("of one app id by two who are first at once, at two servers, is taken from exactly one of them", async () => {
    for (let round = 0; round < 20; round++) {
      const inner = createMemoryBucket();
      const servers = [await start({ inner }), await start({ inner })] as const;
      const update = (n: number) => ({ ...testUpdate(1, 1), id: testUpdate(2 + n, 1).id });
      const answers = await Promise.all([
        servers[0].post(update(0), as("ann")),
        servers[1].post(update(1), as("bob")),
        servers[0].post(update(0), as("ann")),
        servers[1].post(update(1), as("bob")),
      ]);
      const statuses = answers.map(({ status }) => status);
      expect([
        [200, 403, 200, 403],
        [403, 200, 403, 200],
      ]).toContainEqual(statuses);
      for (const server of open.splice(0)) await server.close();
    }
  });

  it("is told to come later while the bucket cannot tell the owner, and nothing is lost", async () => {
    const faulty = createFaultyBucket(createMemoryBucket(), { random: () => 0 });
    const inner = {
      ...faulty,
      async putIfAbsent(key: string, content: Parameters<typeof faulty.putIfAbsent>[1]) {
        const broken = key.startsWith(appsPrefix) && down;
        if (broken === "throws")
          throw new StoreError({ kind: "unavailable", what: "s3 is away", fix: "Wait." });
        if (broken) return { is: "unknown", why: "503", date: Date.now() } as const;
        return faulty.putIfAbsent(key, content);
      },
    };
    let down: "throws" | "unknown" | null = null;
    const api = await start({ inner });
    for (down of ["throws", "unknown"] as const) {
      const answer = await api.post(testUpdate(1, 1), as("ann"));
      expect([down, answer.status, answer.headers["retry-after"]]).toEqual([down, 503, "1"]);
      expect(JSON.stringify(answer.body)).not.toContain("s3 is away");
    }
    expect(api.log.at(-2)?.trouble).toContain("s3 is away");
    down = null;
    expect((await api.post(testUpdate(1, 1), as("ann"))).status).toBe(200);
    expect(await ownersOf(api)).toEqual([appKey(app)]);
  });

  it("has the principal that owns its app in it, as long as a subject may be", async () => {
    const api = await start();
    const sub = "a".repeat(255);
    expect((await api.post(testUpdate(1, 1), as(sub))).status).toBe(200);
    await api.rollup();
    const head = (await api.call("/v1/stores/main/head", { headers: as("x") })).body;
    expect(head).toMatchObject({ inline: { updates: [{ principal: sub }] } });
  });
});

describe("The owners below apps/", () => {
  it("are no store's: verify finds nothing wrong with them, gc leaves them, and no list of stores has them", async () => {
    const api = await start();
    for (const number of [1, 2]) await api.post(testUpdate(number, 1), as("ann"));
    await api.rollup();
    const before = await ownersOf(api);
    expect(before).toHaveLength(2);
    await collectGarbage(api.host, api.store);
    const report = await auditStore(api.host, { store: api.store });
    expect(report).toMatchObject({ findings: [], unlisted: 0, log: { updates: 2 } });
    expect(await listStores(api.host)).toEqual(["main"]);
    expect((await api.call("/v1/stores/new", { method: "PUT", headers: as("ann") })).status).toBe(201);
    expect(await ownersOf(api)).toEqual(before);
  });

  it("are shown by icecore show, and what is wrong with one is told", async () => {
    const folder = mkdtempSync(join(tmpdir(), "icecore-owners-"));
    open.push({ close: async () => rmSync(folder, { recursive: true, force: true }) });
    const api = await start({ inner: await createFolderBucket(folder) });
    await api.post(testUpdate(1, 1), as("ann"));
    const show = async (key: string) => {
      const { stdout } = await cliHere(["show", key, "--bucket", `folder:${folder}`, "--json"]);
      return JSON.parse(stdout) as Record<string, unknown>;
    };
    expect(await show(appKey(app))).toMatchObject({
      kind: "owner",
      about: `app ${app} belongs to "ann"`,
      fault: null,
      body: { principal: "ann" },
    });
    copyFileSync(join(folder, appKey(app)), join(folder, appKey(testApp(2))));
    expect(await show(appKey(testApp(2)))).toMatchObject({
      kind: "owner",
      fault: "its body names another app than its key",
    });
  });

  it("may not be expired by a rule of the bucket: doctor says so", async () => {
    const rule = (prefix: string) => ({ id: "tidy", prefix, does: "expires" }) as const;
    const examine = async (prefix: string) => {
      const bucket = createMemoryBucket();
      const facts = async () => ({
        service: "Amazon S3",
        known: null,
        versioning: { known: true, value: "off" } as const,
        lifecycle: { known: true, value: [rule(prefix)] } as const,
      });
      const platform = createNodePlatform();
      const checks = await examineBucket({ bucket: { ...bucket, facts }, platform, settings: newSettings() });
      return checks.find(({ name }) => name === "lifecycle")?.verdict;
    };
    expect(await examine("apps/")).toBe("bad");
    expect(await examine("ap")).toBe("bad");
    expect(await examine("logs/")).toBe("good");
  });
});

describe("A client whose app id belongs to somebody else", () => {
  let world: BadWorld;
  let user = "ann";

  async function setUp() {
    user = "ann";
    world = await createBadWorld(byName);
    open.push(world);
  }
  const token = () => user;

  it("keeps what it has not sent, says so, goes on reading, and sends it all once its owner is back", async () => {
    await setUp();
    const client = world.client({ token, folder: "shared" });
    const other = world.client({ token: () => "eve" });
    client.do.put(put("first"));
    await world.settle(client);
    expect(client.sync.status).toMatchObject(atRest);

    user = "bob";
    client.do.put(put("second"));
    await expect(client.sync.now()).rejects.toMatchObject({ kind: "unauthorized" });
    const status = troubled(
      "unauthorized",
      1,
      /App id .* belongs to somebody else/,
      /local storage of their own/,
    );
    expect(client.sync.status).toMatchObject(status);
    other.do.put(put("of eve"));
    await world.settle(other);
    await client.sync.now().catch(() => undefined);
    expect(client.sync.status).toMatchObject(status);
    expect([...client.state.pairs.keys()].sort()).toEqual(["first", "of eve", "second"]);
    await client.close();

    const again = world.client({ token, folder: "shared" });
    again.do.put(put("third"));
    await expect(again.sync.now()).rejects.toMatchObject({ kind: "unauthorized" });
    expect(again.sync.status).toMatchObject({ phase: "unauthorized", pending: 2, dead: 0 });
    user = "ann";
    await again.sync.now();
    await world.settle(again);
    expect(again.sync.status).toMatchObject(atRest);
    expect(await world.logged()).toEqual(["first", "of eve", "second", "third"]);
    const log = await world.log();
    expect(log.map(({ principal }) => principal)).toEqual(["ann", "eve", "ann", "ann"]);
  });

  it("is in nobody's way: another user with a local storage of their own sends at once", async () => {
    await setUp();
    const anns = world.client({ token, folder: "ann" });
    anns.do.put(put("a"));
    await world.settle(anns);
    user = "bob";
    const bobs = world.client({ token, folder: "bob" });
    bobs.do.put(put("b"));
    await world.settle(bobs);
    expect(bobs.sync.status).toMatchObject(atRest);
    expect(await world.logged()).toEqual(["a", "b"]);
  });
});
