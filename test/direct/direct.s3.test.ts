/**
 * Direct mode in a real browser at a real S3 server, with credentials of a real STS: what an app can do with its own, and what it cannot,
 * whatever the page sends. The policy is the deployed one less its condition `s3:if-none-match` (direct-policy.test.ts).
 */
import { PutObjectCommand } from "@aws-sdk/client-s3";
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createS3FetchBucket } from "../../bucket/s3-fetch/index.ts";
import { directRemote } from "../../client/direct/direct.ts";
import type { DirectGrant } from "../../shared/wire/http-access.ts";
import type { AppId } from "../../shared/wire/ids.ts";
import { appKey, builtKey, builtKinds, headKey, updateKey, updatesPrefix } from "../../shared/wire/keys.ts";
import { toTimestamp } from "../../shared/wire/time.ts";
import { encodeUpdate } from "../../shared/wire/update.ts";
import { describeS3 } from "../ceph/s3-tests.ts";
import { testApp, testStoreId, testUpdate } from "../fixtures/store-host.ts";
import { describePages } from "../pages/chromium.ts";
import { ask } from "../pages/site.ts";
import type * as inPage from "./client-page.ts";
import { attempt as attemptHere } from "./client-page.ts";
import { type DirectWorld, startDirectWorld } from "./world.ts";

const [main, other] = [testStoreId("main"), testStoreId("main2")];
/** Whose credentials are used, and who else writes into the store. */
const [own, others] = [testApp(1), testApp(2)];
/** Below the seal of nothing: no rollup runs before these have been stored. */
const at = toTimestamp(Date.now());

const update = (app: AppId, store = main, later = 0): string =>
  updateKey({ store, app, timestamp: toTimestamp(at + later) });
const built = (kind: (typeof builtKinds)[number], store = main): string =>
  builtKey({
    kind,
    store,
    through: at,
    rev: 1,
    nonce: "made0by0others00",
    ...(kind === "snapshots" ? { modelVersion: 1 } : {}),
  });
const bodyOf = (app: number, seq: number, key: string): string =>
  JSON.stringify(encodeUpdate(testUpdate(app, seq, [{ key, value: seq }])));

/** What is there before anybody tries anything, beside the heads. */
const there: readonly string[] = [
  update(others),
  update(others, other),
  appKey(others),
  ...builtKinds.flatMap((kind) => [built(kind), built(kind, other)]),
];
const never = { "if-none-match": "*" };
const listing = (prefix: string) => ({ "list-type": "2", prefix: `team/${prefix}` });

type Row = readonly [what: string, attempt: inPage.Attempt, status: number];

const mayWrite: readonly Row[] = [
  [
    "create its own update",
    { method: "PUT", key: update(own), headers: never, body: bodyOf(1, 1, "mine") },
    200,
  ],
  ["create it twice", { method: "PUT", key: update(own), headers: never, body: bodyOf(1, 1, "again") }, 412],
];

const mayRead: readonly Row[] = [
  ["read the head", { method: "GET", key: headKey(main) }, 200],
  ["read another app's update", { method: "GET", key: update(others) }, 200],
  ...builtKinds.map((kind): Row => {
    const isRead = kind !== "sweeps";
    const what = `${isRead ? "" : "not "}read the store's ${kind}`;
    return [what, { method: "GET", key: built(kind) }, isRead ? 200 : 403];
  }),
  ["list the tail", { method: "GET", query: listing(updatesPrefix(main)) }, 200],
];

const put = (key: string, more: Partial<inPage.Attempt> = {}): inPage.Attempt => ({
  method: "PUT",
  key,
  headers: never,
  body: bodyOf(1, 9, "stolen"),
  ...more,
});

const mayNot: readonly Row[] = [
  ["write under another app's key", put(update(others, main, 1)), 403],
  ["write over another app's update", put(update(others), { headers: {} }), 403],
  ["write into another store under its own id", put(update(own, other)), 403],
  ["write an update outside the root", put(update(own), { outside: true }), 403],
  ["write under a key that only ends like its own", put(`heads/${main}-${own}.json`), 403],
  ["make the head anew", put(headKey(main)), 403],
  ["replace the head", put(headKey(main), { headers: {} }), 403],
  ["make another store's head", put("heads/mine.json"), 403],
  ...builtKinds.map((kind): Row => [`write one of the ${kind}`, put(`${built(kind)}x`), 403]),
  ["take an app id", put(appKey(own)), 403],
  ["take over somebody's app id", put(appKey(others), { headers: {} }), 403],
  ["delete its own update", { method: "DELETE", key: update(own) }, 403],
  ["delete another app's update", { method: "DELETE", key: update(others) }, 403],
  ["delete the head", { method: "DELETE", key: headKey(main) }, 403],
  ["delete a segment", { method: "DELETE", key: built("segments") }, 403],
  ["copy another store's update to its own key", copy(update(others, other)), 403],
  [
    "give its update to everybody",
    { method: "PUT", key: update(own), query: { acl: "" }, headers: { "x-amz-acl": "public-read" } },
    403,
  ],
  ["read another store's head", { method: "GET", key: headKey(other) }, 403],
  ["read another store's update", { method: "GET", key: update(others, other) }, 403],
  ["read another store's segment", { method: "GET", key: built("segments", other) }, 403],
  ["read another store's snapshot", { method: "GET", key: built("snapshots", other) }, 403],
  ["read who owns an app id", { method: "GET", key: appKey(others) }, 403],
  ["look whether another store is there", { method: "HEAD", key: headKey(other) }, 403],
  ["list another store", { method: "GET", query: listing(updatesPrefix(other)) }, 403],
  // A prefix of the other store's: "main" begins "main2".
  ["list what begins like its own store", { method: "GET", query: listing("updates/main") }, 403],
  ["list the stores", { method: "GET", query: listing("heads/") }, 403],
  ["list who owns app ids", { method: "GET", query: listing("apps/") }, 403],
  ["list the bucket", { method: "GET", query: { "list-type": "2" } }, 403],
  ["list the bucket the old way", { method: "GET", query: {} }, 403],
  ["list versions", { method: "GET", query: { versions: "", prefix: "team/" } }, 403],
  ["list uploads", { method: "GET", query: { uploads: "" } }, 403],
  ["read the bucket's policy", { method: "GET", query: { policy: "" } }, 403],
  ["read the bucket's CORS rules", { method: "GET", query: { cors: "" } }, 403],
  ["delete the bucket", { method: "DELETE" }, 403],
];

function copy(from: string): inPage.Attempt {
  return {
    method: "PUT",
    key: update(own, main, 2),
    headers: { "x-amz-copy-source": `BUCKET/team/${from}` },
  };
}

describeS3("Direct mode with an app's own credentials", () => {
  describePages("in a browser", () => {
    let world: DirectWorld;
    let page: Page;
    let grant: DirectGrant;
    const counts = { asked: 0, kept: 0 };

    beforeAll(async () => {
      world = await startDirectWorld([main, other]);
      page = await world.page();
      const { client, bucket: Bucket } = world.owner;
      for (const key of there)
        await client.send(new PutObjectCommand({ Bucket, Key: `team/${key}`, Body: bodyOf(2, 1, "theirs") }));
      grant = (await askFor(own, await world.token("anna"))).body;
    });
    afterAll(async () => {
      await world?.close();
      console.log(`direct mode: ${counts.asked} questions, ${counts.kept} answered as they must be`);
    });

    const askFor = (app: string, token: string | null, storeId: string = main) =>
      ask<typeof inPage.askCredentials>(page, "askCredentials", world.url, { storeId, app, token });

    /** Counts a question, and that it was answered as it must be. */
    async function question(check: () => Promise<void>): Promise<void> {
      counts.asked += 1;
      await check();
      counts.kept += 1;
    }

    function attempt(with_: Omit<DirectGrant, "expiresAt">, given: inPage.Attempt) {
      const bucket = world.owner.bucket;
      const headers = Object.entries(given.headers ?? {}).map(([name, value]) => [
        name,
        value.replace("BUCKET", bucket),
      ]);
      return ask<typeof inPage.attempt>(page, "attempt", with_, {
        ...given,
        headers: Object.fromEntries(headers),
      });
    }

    it.each([...mayWrite, ...mayRead])("An app may %s.", (_, given, status) =>
      question(async () => {
        const answer = await attempt(grant, given);
        expect(answer.status).toBe(status);
      }),
    );

    it.each(mayNot)("An app may not %s.", (_, given, status) =>
      question(async () => {
        const answer = await attempt(grant, given);
        expect(answer.status).toBe(status);
        if (given.method !== "HEAD") expect(answer.code).toBe("AccessDenied");
      }),
    );

    it("What refuses is the session's policy: the same role without one may do all of that.", () =>
      question(async () => {
        const whole = await world.wholeRole();
        const tries: readonly Row[] = [
          ["write under another app's key", put(update(others, other, 1)), 200],
          ["list the stores", { method: "GET", query: listing("heads/") }, 200],
          ["read another store's segment", { method: "GET", key: built("segments", other) }, 200],
          ["delete another app's update", { method: "DELETE", key: update(others, other, 1) }, 204],
        ];
        for (const [what, given, status] of tries)
          expect([what, (await attempt(whole, given)).status]).toEqual([what, status]);
      }));

    // By Node: Ceph tells a page nothing of credentials that it does not know.
    it.each<readonly [string, () => Promise<Partial<DirectGrant>>]>([
      ["without the session's token", async () => ({ sessionToken: "" })],
      ["with another secret", async () => ({ secretAccessKey: `${grant.secretAccessKey}x` })],
      [
        "with the token of another session",
        async () => {
          const another = await askFor(testApp(3), await world.token("carla"));
          return { sessionToken: another.body.sessionToken };
        },
      ],
    ])("Its keys are nothing %s.", (_, spoilt) =>
      question(async () => {
        const spoiltGrant = { ...grant, ...(await spoilt()) };
        expect((await attemptHere(spoiltGrant, { method: "GET", key: headKey(main) })).status).toBe(403);
      }),
    );

    it.each<readonly [string, () => Promise<number>, number]>([
      ["nobody in particular", async () => (await askFor(testApp(3), null)).status, 401],
      ["a reader", async () => (await askFor(testApp(3), await world.token("carl", "reader"))).status, 403],
      [
        "who asks for somebody else's app id",
        async () => (await askFor(own, await world.token("ben"))).status,
        403,
      ],
      [
        "who asks for a store that is not theirs",
        async () => (await askFor(own, await world.token("anna"), other)).status,
        403,
      ],
      ["its owner, again", async () => (await askFor(own, await world.token("anna"))).status, 200],
    ])("The server answers %s as it must.", (_, request, status) =>
      question(async () => expect(await request()).toBe(status)),
    );

    it("An update whose body names another app is set aside, says so in the segment, and changes nothing.", () =>
      question(async () => {
        const key = update(own, main, 5);
        const forged = { method: "PUT", key, headers: never, body: bodyOf(2, 2, "forged") };
        expect((await attempt(grant, forged)).status).toBe(200);
        await world.rollup(main);
        const segments = await world.segments(main);
        const aside = segments.flatMap(({ setAside }) => setAside).find((one) => one.key === key);
        expect(aside?.reason).toBe(`its body names app ${others}, not its key's`);
        expect(aside?.text).toContain("forged");
        const logged = segments.flatMap(({ updates }) => updates);
        expect(logged.map(({ app, seq }) => [app, seq])).toEqual([
          [own, 1],
          [others, 1],
        ]);
      }));

    it("Clients of two people write, read each other's work in the tail and then in the log, and ask the server for access alone.", () =>
      question(async () => {
        const [anna, ben] = await Promise.all([world.page(), world.page()]);
        const [annaToken, benToken] = await Promise.all([world.token("anna"), world.token("ben")]);
        world.log.length = 0;
        const open = (who: Page, token: string) =>
          ask<typeof inPage.open>(who, "open", world.url, main, token);
        const apps = [await open(anna, annaToken), await open(ben, benToken)];
        const look = (who: Page) => ask<typeof inPage.look>(who, "look");
        const sync = (who: Page) => ask<typeof inPage.sync>(who, "sync");
        await ask<typeof inPage.put>(anna, "put", "a1", "by anna");
        await ask<typeof inPage.put>(ben, "put", "b1", "by ben");
        for (const who of [anna, ben, anna]) await sync(who);
        const all = ["a1", "b1", "mine", "theirs"];
        for (const who of [anna, ben]) expect((await look(who)).shown).toEqual(all);
        await world.rollup(main);
        for (const who of [anna, ben]) {
          await sync(who);
          // A poll of its own may be under way.
          await expect
            .poll(() => look(who))
            .toMatchObject({
              confirmed: all,
              pending: 0,
              dead: 0,
              phase: "idle",
              error: null,
            });
        }
        const logged = (await world.segments(main)).flatMap(({ updates }) => updates).slice(-2);
        expect(logged.map(({ app }) => app).sort()).toEqual([...apps].sort());
        expect(world.log.map(({ route, status }) => [route, status])).toEqual([
          ["/v1/stores/:store/credentials", 200],
          ["/v1/stores/:store/credentials", 200],
        ]);
      }));

    it("A client that goes on under another app id asks for credentials of that id, and still sends what is left under the old one.", () =>
      question(async () => {
        const [before, after] = [testApp(4), testApp(5)];
        const token = await world.token("dora");
        const remote = directRemote(world.url, { openBucket: createS3FetchBucket, token: () => token });
        let app = before;
        world.log.length = 0;
        const opened = remote.open(main, async () => app);
        expect(opened.clockOffsetMs()).toBeNull();
        const heads = await Promise.all([opened.get(headKey(main)), opened.get(headKey(main))]);
        expect(heads.map(({ is }) => is)).toEqual(["found", "found"]);
        expect(world.log).toHaveLength(1);
        app = after;
        expect((await opened.send(testUpdate(5, 1))).is).toBe("stored");
        expect((await opened.send(testUpdate(4, 1))).is).toBe("stored");
        expect((await opened.get(headKey(main))).is).toBe("found");
        expect(world.log).toHaveLength(2);
        expect(opened.clockOffsetMs()).not.toBeNull();
        await expect(remote.open(main).get(headKey(main))).rejects.toThrow(/Direct mode needs the app id/);
      }));
  });
});
