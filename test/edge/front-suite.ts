/**
 * One address for everything, as on AWS: a front of edge function, cache and bucket, and the API behind it. Whole clients sync through it,
 * by the same calls as with a server alone.
 */
import { gunzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { readFunctionCode } from "../../cdk/edge/read-function.ts";
import { memoryLocal } from "../../client/local/memory.ts";
import { openStore } from "../../client/open-store.ts";
import type { FetchLike } from "../../client/remote/fetch-like.ts";
import { type HttpRemoteOptions, httpRemote } from "../../client/remote/http.ts";
import { createJwtAuthenticate } from "../../server/jwt/authenticate.ts";
import { newToken } from "../../server/jwt/new-token.ts";
import { createReadPass } from "../../server/jwt/read-pass.ts";
import { authorizeByRole } from "../../server/roles.ts";
import { isGzip } from "../../shared/drive/body.ts";
import type { Bucket } from "../../shared/ports/bucket.ts";
import { parseHead } from "../../shared/wire/head.ts";
import { headKey } from "../../shared/wire/keys.ts";
import { type ApiServer, startApi } from "../fixtures/api-server.ts";
import { type Front, type FrontRequest, type Origin, startFront } from "../fixtures/cloud-front.ts";
import { loadEdgeFunction } from "../fixtures/edge-function.ts";
import { pairsModel } from "../fixtures/pairs-model.ts";

export interface FrontBucket {
  readonly inner: Bucket;
  readonly origin: Origin;
  /** Of the objects in the bucket. */
  readonly root: string;
}

const passSecret = "pass-secret-0123456789abcdefghijklmnop";
const tokenSecret = "token-secret-0123456789abcdefghijklmno";
const audience = "notes";
const platform = createNodePlatform();

interface World {
  readonly api: ApiServer;
  readonly front: Front;
  /** The edge's clock, ahead of all others by so much. */
  readonly edge: { aheadMs: number };
  readonly inner: Bucket;
  token(subject: string): Promise<string>;
  client(token: string, options?: Partial<HttpRemoteOptions>): ReturnType<typeof openClient>;
}

function openClient(url: string, token: string, options: Partial<HttpRemoteOptions>) {
  // Rounds run when the test says so.
  const settings = { pollDelayMs: 3_600_000, pollDelayMsMax: 3_600_000, sendDelayMs: 3_600_000 } as const;
  const remote = httpRemote(url, { platform, token: () => token, ...options });
  return openStore({ model: pairsModel, storeId: "main", local: memoryLocal(), platform, remote, settings });
}

export function describeFront(title: string, open: () => Promise<FrontBucket>): void {
  const closers: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function newWorld(lifeSeconds = 300): Promise<World> {
    const { inner, origin, root } = await open();
    const edge = { aheadMs: 0 };
    const api = await startApi({
      inner,
      authenticate: createJwtAuthenticate({ audience, keys: { secret: tokenSecret }, platform }),
      authorize: authorizeByRole,
      readPass: createReadPass({ secret: passSecret, lifeSeconds, platform }),
      live: false,
    });
    const code = readFunctionCode({ secret: passSecret, root });
    const run = loadEdgeFunction(code, { now: () => Date.now() + edge.aheadMs });
    const front = await startFront({ edge: () => run, origin, apiUrl: api.url });
    closers.push(api.close, front.close);
    const token = (subject: string) =>
      newToken({
        secret: tokenSecret,
        audience,
        subject,
        role: "writer",
        stores: ["main"],
        lifeSeconds: 3_600,
        platform,
      });
    return {
      api,
      front,
      edge,
      inner,
      token,
      client(given, options = {}) {
        const client = openClient(front.url, given, options);
        closers.push(() => client.close());
        return client;
      },
    };
  }

  const passes = ({ front }: World) => front.seen.filter(({ path }) => path.endsWith("/pass"));
  const heads = ({ front }: World) => front.seen.filter(({ path }) => path.endsWith("/head"));

  /** Published and read back: behind the seal of a bucket whose clock has whole seconds, that takes one. */
  async function untilConfirmed(
    world: World,
    client: ReturnType<typeof openClient>,
    key: string,
  ): Promise<void> {
    for (;;) {
      await world.api.rollup();
      await client.sync.now();
      if (client.confirmedState.pairs.get(key) !== undefined) return;
      await platform.wait(50);
    }
  }

  describe(title, () => {
    it("lets two clients sync through one address, and the API sees no read that the cache can answer", async () => {
      const world = await newWorld();
      const [anna, ben] = [await world.token("anna"), await world.token("ben")];
      const writer = world.client(anna);
      await writer.sync.now();
      for (let i = 0; i < 6; i++) {
        writer.do.put({ key: `k${i}`, value: "x".repeat(9_000) + i });
        await writer.sync.now();
        await world.api.rollup();
      }
      await untilConfirmed(world, writer, "k5");
      // Its first read begins with everything: head, snapshot or segments, larger than what the head itself can carry.
      const reader = world.client(ben);
      await reader.sync.now();
      expect(reader.confirmedState.pairs.size).toBe(6);
      expect([...reader.state.pairs.keys()]).toEqual([...writer.state.pairs.keys()]);
      reader.do.put({ key: "from ben", value: 1 });
      await reader.sync.now();
      await untilConfirmed(world, writer, "from ben");
      expect(writer.confirmedState.pairs.get("from ben")).toEqual({ value: 1 });
      expect([writer.sync.status.phase, reader.sync.status.phase]).toEqual(["idle", "idle"]);

      const asked = new Set(world.api.log.map(({ route }) => route?.split("/").at(-1)));
      expect([...asked].sort()).toEqual(["live", "pass", "tail", "time", "updates"]);
      const { seen } = world.front;
      expect(seen.some(({ path, by }) => by === "bucket" && /\/(?:segments|snapshots)\//.test(path))).toBe(
        true,
      );
      // Users' tokens reach the API alone, but for each client's first question.
      const shown = seen.filter(
        ({ by, authorization }) => by !== "api" && [anna, ben].some((one) => authorization.includes(one)),
      );
      expect(shown.map(({ by, status }) => [by, status])).toEqual([
        ["edge", 401],
        ["edge", 401],
      ]);
      expect(passes(world)).toHaveLength(2);
    });

    it("answers the polls of many clients with one read of the bucket, while the cache holds the head", async () => {
      const world = await newWorld();
      const clients = await Promise.all(
        Array.from({ length: 5 }, async (_, i) => world.client(await world.token(`user${i}`))),
      );
      for (const client of clients) await client.sync.now();
      const before = world.front.origins();
      world.front.seen.length = 0;
      const begun = Date.now();
      await Promise.all(clients.map((client) => client.sync.now()));
      const polls = heads(world).filter(({ authorization }) => authorization !== "");
      expect(polls).toHaveLength(5);
      expect(polls.every(({ status }) => status === 304)).toBe(true);
      // Five that come at once may all miss; a cache that is a second old may have to ask again.
      expect(polls.filter(({ by }) => by === "cache").length + world.front.origins() - before).toBe(5);
      await Promise.all(clients.map((client) => client.sync.now()));
      if (Date.now() - begun < 900)
        expect(
          heads(world)
            .slice(5)
            .every(({ by }) => by === "cache"),
        ).toBe(true);
    });

    it("reads past a cache that is stuck when it must: at its start, and where a listed object is gone", async () => {
      const world = await newWorld();
      const writer = world.client(await world.token("anna"));
      const reader = world.client(await world.token("ben"));
      await Promise.all([writer.sync.now(), reader.sync.now()]);
      let written = 0;
      // Small enough for no snapshot, which would spare the reader all of this.
      const write = async () => {
        writer.do.put({ key: `k${written++}`, value: "x".repeat(3_000) });
        await writer.sync.now();
        await world.api.rollup();
      };
      const listed = async () => {
        const head = await world.inner.get(headKey(world.api.store));
        const bytes = head.is === "found" ? head.body : new Uint8Array(0);
        const read = parseHead(JSON.parse(String(isGzip(bytes) ? gunzipSync(bytes) : Buffer.from(bytes))));
        return read.ok ? read.value.segments.map(({ key }) => key) : [];
      };
      while ((await listed()).length < 4) await write();
      await platform.wait(1_100);
      await writer.sync.now();
      // From now on polls see the head of now, for ever.
      world.front.stuck = true;
      const old = await listed();
      let gone: readonly string[] = [];
      while (gone.length === 0) {
        await write();
        const now = await listed();
        gone = old.filter((key) => !now.includes(key));
      }
      await world.inner.delete(gone);

      world.front.seen.length = 0;
      await reader.sync.now();
      expect(reader.confirmedState.pairs.size).toBe(written);
      const reads = world.front.seen.filter(({ path }) => !path.endsWith("/tail"));
      const [poll, again] = reads.filter(({ path }) => path.endsWith("/head"));
      expect(poll).toMatchObject({ by: "cache", status: 200 });
      expect(reads[reads.indexOf(again as FrontRequest) - 1]).toMatchObject({ by: "bucket", status: 404 });
      expect(again).toMatchObject({ by: "bucket", status: 200 });

      const late = world.client(await world.token("late"));
      await late.sync.now();
      expect(late.confirmedState.pairs.size).toBe(written);
    });

    it("renews a pass before it ends, by the server's clock, with one question for all who read at once", async () => {
      const world = await newWorld(2);
      const clock = { offsetMs: 0 };
      const late = { ...platform, now: () => Date.now() + clock.offsetMs };
      // This machine believes that it is an hour earlier.
      clock.offsetMs = -3_600_000;
      const token = await world.token("anna");
      const remote = httpRemote(world.front.url, { platform: late, token: () => token }).open(
        world.api.store,
      );
      const key = headKey(world.api.store);
      expect((await Promise.all([1, 2, 3].map(() => remote.get(key)))).map(({ is }) => is)).toEqual([
        "found",
        "found",
        "found",
      ]);
      expect(passes(world)).toHaveLength(1);
      const refused = () => world.front.seen.filter(({ status }) => status === 401).length;
      expect(refused()).toBe(3);
      await platform.wait(1_300);
      await Promise.all([1, 2, 3].map(() => remote.get(key)));
      expect([passes(world).length, refused()]).toEqual([2, 3]);
    });

    it("asks for a new pass where its own is refused, and says so where the new one is refused as well", async () => {
      const world = await newWorld();
      const token = await world.token("anna");
      const remote = httpRemote(world.front.url, { platform, token: () => token }).open(world.api.store);
      const key = headKey(world.api.store);
      await remote.get(key);
      // Passes of one second are the same.
      await platform.wait(1_100);
      world.front.seen.length = 0;
      world.edge.aheadMs = 301_000;
      await expect(remote.get(key)).rejects.toMatchObject({ kind: "unauthorized" });
      expect(world.front.seen.map(({ path, status }) => [path.split("/").at(-1), status])).toEqual([
        ["head", 401],
        ["pass", 200],
        ["head", 401],
      ]);
      world.edge.aheadMs = 0;
      expect(await remote.get(key)).toMatchObject({ is: "found" });
    });

    it("stays with a user's refusal where the API gives them no pass", async () => {
      const world = await newWorld();
      const other = await newToken({
        secret: tokenSecret,
        audience,
        subject: "eve",
        role: "reader",
        stores: ["elsewhere"],
        lifeSeconds: 60,
        platform,
      });
      for (const token of [other, "forged"]) {
        const remote = httpRemote(world.front.url, { platform, token: () => token }).open(world.api.store);
        await expect(remote.get(headKey(world.api.store))).rejects.toMatchObject({ kind: "unauthorized" });
      }
      const eve = world.client(other);
      await expect(eve.sync.now()).rejects.toMatchObject({ kind: "unauthorized" });
      expect(eve.sync.status.phase).toBe("unauthorized");
    });

    it("takes S3's own word for an object, or a store, that is not there", async () => {
      const world = await newWorld();
      const token = await newToken({
        secret: tokenSecret,
        audience,
        subject: "anna",
        role: "reader",
        stores: ["*"],
        lifeSeconds: 60,
        platform,
      });
      const remote = httpRemote(world.front.url, { platform, token: () => token });
      const main = remote.open(world.api.store);
      expect(await main.get("segments/main/20261121T090503.209Z-r9-a.json")).toMatchObject({ is: "absent" });
      const none = openStore({ model: pairsModel, storeId: "nobody", platform, remote });
      closers.push(() => none.close());
      await expect(none.sync.now()).rejects.toMatchObject({ kind: "unavailable" });
    });

    it("does not ask again and again for hints that nobody gives", async () => {
      const waits: number[] = [];
      const world = await newWorld();
      const token = await world.token("anna");
      const waiting = {
        ...platform,
        wait: async (ms: number, signal?: AbortSignal) => {
          if (ms < 60_000) return platform.wait(ms, signal);
          waits.push(ms);
          return platform.wait(3_600_000, signal);
        },
      };
      const ending = new AbortController();
      closers.push(async () => ending.abort());
      // Where bodies come in pieces, and where they do not.
      const whole: FetchLike = async (url, init) => {
        const answer = await fetch(url, init as RequestInit);
        return { status: answer.status, headers: answer.headers, arrayBuffer: () => answer.arrayBuffer() };
      };
      const woken: string[] = [];
      for (const given of [undefined, whole]) {
        const options = { platform: waiting as typeof platform, token: () => token };
        const remote = httpRemote(world.front.url, given ? { ...options, fetch: given } : options).open(
          world.api.store,
        );
        remote.live?.((reason) => woken.push(reason), ending.signal);
      }
      await expect.poll(() => waits.filter((ms) => ms >= 1_800_000).length).toBe(2);
      expect(woken).toEqual([]);
    });
  });
}
