/** Who owns an app id: over a bucket in memory whose requests are counted, and whose writes get lost, late and doubled. */
import { describe, expect, it } from "vitest";
import { type CountingBucket, createCountingBucket } from "../../../bucket/counting.ts";
import { createFaultyBucket } from "../../../bucket/faulty.ts";
import { createMemoryBucket } from "../../../bucket/memory.ts";
import { createNodePlatform } from "../../../bucket/platform/node.ts";
import { anyOwner, createAppOwners } from "../../../server/app-owners.ts";
import { createPrincipalOf, subjectOf } from "../../../server/principal.ts";
import { defaultServerSettings, type ServerSettings } from "../../../server/settings.ts";
import { StoreError } from "../../../shared/errors.ts";
import type { Bucket, PutContent, WriteAnswer } from "../../../shared/ports/bucket.ts";
import { newSettings } from "../../../shared/settings.ts";
import type { AppId } from "../../../shared/wire/ids.ts";
import { appKey } from "../../../shared/wire/keys.ts";
import { testApp } from "../../fixtures/store-host.ts";

const platform = createNodePlatform();
const app = testApp(1);

/** A server process of its own over a bucket. */
function process(bucket: Bucket, changes: Partial<ServerSettings> = {}) {
  const settings = { ...defaultServerSettings, ...changes };
  const host = { bucket, platform, settings: newSettings() };
  return createAppOwners({ host, settings, principalOf: createPrincipalOf(subjectOf, settings) });
}

function setUp(inner: Bucket = createMemoryBucket()) {
  const bucket = createCountingBucket(inner);
  return { bucket, owners: process(bucket) };
}

const counted = (bucket: CountingBucket) => {
  const { put, get, list, swap } = bucket.counts();
  bucket.reset();
  return { put, get, other: list + swap };
};
const kept = async (bucket: Bucket, of: AppId = app) => {
  const answer = await bucket.get(appKey(of));
  return answer.is === "found" ? platform.decodeText(answer.body) : answer.is;
};
const put = async (bucket: Bucket, text: string) => {
  const body = platform.encodeText(text);
  await bucket.putIfAbsent(appKey(app), { body, contentType: "application/json", cacheControl: "" });
};
const ann = { sub: "ann" };
const bob = { sub: "bob" };
const forbidden = { status: 403, error: { kind: "unauthorized" } };
const bodyOf = (principal: string) => `{"format":"icecore-app-1","app":"${app}","principal":"${principal}"}`;

describe("An app id", () => {
  it("belongs to who uses it first, and is refused to everybody else, with what to do", async () => {
    const { bucket, owners } = setUp();
    await owners.require(ann, app, { fresh: true });
    expect(await kept(bucket)).toBe(bodyOf("ann"));
    await owners.require(ann, app);
    await expect(owners.require(bob, app)).rejects.toMatchObject({
      ...forbidden,
      error: {
        what: expect.stringContaining(app),
        fix: expect.stringMatching(/local storage of their own.*waits for its owner/),
      },
    });
    expect(await kept(bucket)).toBe(bodyOf("ann"));
    await owners.require(bob, testApp(2));
    expect(await kept(bucket, testApp(2))).toContain('"bob"');
  });

  it("costs one PUT at its first use, nothing while its owner is warm, and one GET in another process", async () => {
    const { bucket, owners } = setUp();
    await owners.require(ann, app, { fresh: true });
    expect(counted(bucket)).toEqual({ put: 1, get: 0, other: 0 });
    for (let i = 0; i < 5; i++) await owners.require(ann, app);
    for (let i = 0; i < 5; i++) await expect(owners.require(bob, app)).rejects.toMatchObject(forbidden);
    expect(counted(bucket)).toEqual({ put: 0, get: 0, other: 0 });
    await process(bucket).require(ann, app);
    expect(counted(bucket)).toEqual({ put: 0, get: 1, other: 0 });
  });

  it("costs a request more where the guess whether it is new was wrong, and the answer is the same", async () => {
    const { bucket, owners } = setUp();
    await owners.require(ann, app);
    expect(counted(bucket)).toEqual({ put: 1, get: 1, other: 0 });
    const other = process(bucket);
    await other.require(ann, app, { fresh: true });
    expect(counted(bucket)).toEqual({ put: 1, get: 1, other: 0 });
    await expect(process(bucket).require(bob, app, { fresh: true })).rejects.toMatchObject(forbidden);
  });

  it("is asked for once by all who come at once, who all hear the same owner", async () => {
    const { bucket, owners } = setUp();
    const asked = [ann, bob, ann, bob, { sub: "eve" }].map((who) =>
      owners.require(who, app, { fresh: true }),
    );
    const answers = await Promise.allSettled(asked);
    expect(answers.map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
      "rejected",
      "rejected",
    ]);
    expect(counted(bucket)).toEqual({ put: 1, get: 0, other: 0 });
  });

  it("is kept in memory for a bounded number of apps, the least lately used of which is asked for again", async () => {
    const bucket = createCountingBucket(createMemoryBucket());
    const owners = process(bucket, { appOwnersWarmMax: 2 });
    for (const number of [1, 2, 3]) await owners.require(ann, testApp(number), { fresh: true });
    counted(bucket);
    await owners.require(ann, testApp(2));
    await owners.require(ann, testApp(3));
    expect(counted(bucket)).toEqual({ put: 0, get: 0, other: 0 });
    await owners.require(ann, testApp(1));
    expect(counted(bucket)).toEqual({ put: 0, get: 1, other: 0 });
    await owners.require(ann, testApp(3));
    expect(counted(bucket)).toEqual({ put: 0, get: 0, other: 0 });
  });

  it("is anybody's where nobody signs in, or where owners are off", async () => {
    const { bucket, owners } = setUp();
    await owners.require(null, app);
    await anyOwner.require(bob, app);
    expect(counted(bucket)).toEqual({ put: 0, get: 0, other: 0 });
  });
});

describe("New app ids of one principal", () => {
  const tooMany = { status: 429, error: { kind: "unavailable", what: expect.stringMatching(/new app ids/) } };

  function clocked(bucket: Bucket, newAppsAnHour: number) {
    const clock = { now: Date.now() };
    const settings = { ...defaultServerSettings, newAppsAnHour };
    const host = { bucket, platform: { ...platform, now: () => clock.now }, settings: newSettings() };
    const principalOf = createPrincipalOf(subjectOf, settings);
    return { clock, owners: createAppOwners({ host, settings, principalOf }) };
  }

  it("are few an hour, and those above it are told when to come back: nothing is stored for them", async () => {
    const bucket = createCountingBucket(createMemoryBucket());
    const { clock, owners } = clocked(bucket, 4);
    for (const number of [1, 2, 3, 4]) await owners.require(ann, testApp(number), { fresh: true });
    for (const fresh of [true, false])
      await expect(owners.require(ann, testApp(5), { fresh })).rejects.toMatchObject({
        ...tooMany,
        error: { ...tooMany.error, retryAfterMs: 900_000 },
      });
    expect(counted(bucket)).toMatchObject({ put: 4 });
    expect(await kept(bucket, testApp(5))).toBe("absent");
    await owners.require(bob, testApp(5), { fresh: true });
    clock.now += 900_000;
    await owners.require(ann, testApp(6), { fresh: true });
    await expect(owners.require(ann, testApp(7), { fresh: true })).rejects.toMatchObject(tooMany);
  });

  it("are those alone that had no owner: known ones go on, in whatever process", async () => {
    const bucket = createMemoryBucket();
    for (const number of [1, 2, 3]) await process(bucket).require(ann, testApp(number), { fresh: true });
    const { owners } = clocked(bucket, 1);
    for (const fresh of [true, false])
      for (const number of [1, 2, 3]) await owners.require(ann, testApp(number), { fresh });
    await owners.require(ann, testApp(4), { fresh: true });
    for (const number of [1, 2, 3, 4]) await owners.require(ann, testApp(number), { fresh: true });
    await expect(owners.require(bob, testApp(1), { fresh: true })).rejects.toMatchObject(forbidden);
  });

  it("are none where none are allowed", async () => {
    const { owners } = clocked(createMemoryBucket(), 0);
    await expect(owners.require(ann, app, { fresh: true })).rejects.toMatchObject(tooMany);
  });

  it("cost nothing where the bucket took none", async () => {
    const refusing = { ...createMemoryBucket(), putIfAbsent: () => Promise.reject(new Error("forbidden")) };
    const closed = clocked(refusing, 1);
    for (let i = 0; i < 3; i++)
      await expect(closed.owners.require(ann, app, { fresh: true })).rejects.toThrow("forbidden");
    const bucket = createFaultyBucket(createMemoryBucket(), { random: Math.random });
    const { owners } = clocked(bucket, 1);
    bucket.setChances({ writeLost: 1 });
    for (let i = 0; i < 5; i++)
      await expect(owners.require(ann, app, { fresh: true })).rejects.toMatchObject({ kind: "unavailable" });
    bucket.setChances({ writeLost: 0 });
    await owners.require(ann, app, { fresh: true });
  });
});

describe("The claim app", () => {
  it("is the one app id of its token, without a request", async () => {
    const { bucket, owners } = setUp();
    await owners.require({ ...bob, app }, app);
    await expect(owners.require({ ...bob, app: testApp(2) }, app)).rejects.toMatchObject({
      ...forbidden,
      error: { what: expect.stringContaining(app), fix: expect.stringContaining("token for this app id") },
    });
    expect(counted(bucket)).toEqual({ put: 0, get: 0, other: 0 });
  });

  it("lets nobody in where it is no text, not even as a subject", async () => {
    const { bucket, owners } = setUp();
    for (const wrong of ["", 5, true, {}, [app], app.toLowerCase(), `${app} `])
      await expect(owners.require({ ...ann, app: wrong }, app), JSON.stringify(wrong)).rejects.toMatchObject(
        forbidden,
      );
    expect(counted(bucket)).toEqual({ put: 0, get: 0, other: 0 });
    await owners.require({ ...ann, app: null }, app);
    expect(await kept(bucket)).toBe(bodyOf("ann"));
  });
});

describe("A principal", () => {
  it("is needed: claims that name nobody own nothing", async () => {
    const { bucket, owners } = setUp();
    for (const sub of [undefined, null, "", 5, {}, ["ann"]])
      await expect(owners.require({ sub }, app), String(sub)).rejects.toMatchObject({
        ...forbidden,
        error: { fix: expect.stringContaining("principalOf") },
      });
    expect(counted(bucket)).toEqual({ put: 0, get: 0, other: 0 });
  });

  it("has room for the longest subject of OpenID Connect, and is none where it is longer than is kept", async () => {
    const { bucket, owners } = setUp();
    await owners.require({ sub: "a".repeat(255) }, app);
    await expect(owners.require({ sub: "a".repeat(256) }, app)).rejects.toMatchObject(forbidden);
    for (const sub of ["a".repeat(10_000), '"'.repeat(200), "é".repeat(200), "\u0000".repeat(100)])
      await expect(owners.require({ sub }, testApp(2))).rejects.toMatchObject(forbidden);
    expect(await kept(bucket, testApp(2))).toBe("absent");
  });

  it("is told from another by every character, and comes back as it was written", async () => {
    const names = [
      "ann",
      "Ann",
      "ann ",
      "änn",
      "a\u0308nn",
      '"ann"',
      "ann\n",
      "\ud800",
      "__proto__",
      "constructor",
    ];
    const { bucket } = setUp();
    for (const [i, sub] of names.entries()) await process(bucket).require({ sub }, testApp(i));
    for (const [i] of names.entries())
      for (const sub of names) {
        const asked = process(bucket).require({ sub }, testApp(i));
        if (sub === names[i]) await asked;
        else await expect(asked).rejects.toMatchObject(forbidden);
      }
  });

  it("is what the app's own function says, which is trusted no further than its type", async () => {
    const settings = defaultServerSettings;
    const host = { bucket: createMemoryBucket(), platform, settings: newSettings() };
    const named = (principalOf: () => unknown) =>
      createAppOwners({ host, settings, principalOf: createPrincipalOf(principalOf as never, settings) });
    await named(() => "mail:ann").require(ann, app);
    expect(await kept(host.bucket)).toBe(bodyOf("mail:ann"));
    await expect(named(() => 7).require(ann, app)).rejects.toMatchObject(forbidden);
  });
});

describe("A bucket that fails", () => {
  /** PUTs end as the test says: what becomes of it, and what is answered. */
  function withPut(put: (write: () => Promise<WriteAnswer>) => Promise<WriteAnswer>) {
    const inner = createMemoryBucket();
    const bucket = createCountingBucket({
      ...inner,
      putIfAbsent: (key: string, content: PutContent) => put(() => inner.putIfAbsent(key, content)),
    });
    return { inner, bucket, owners: process(bucket) };
  }
  const unknown: WriteAnswer = { is: "unknown", why: "time-out", date: 0 };

  it("lets the owner in where the PUT was done and its answer lost", async () => {
    const { bucket, owners } = withPut(async (write) => {
      await write();
      return unknown;
    });
    await owners.require(ann, app, { fresh: true });
    expect(counted(bucket)).toEqual({ put: 1, get: 1, other: 0 });
    await expect(owners.require(bob, app)).rejects.toMatchObject(forbidden);
  });

  it("lets nobody in while a PUT may still land; what lands first is the owner, whoever asked again", async () => {
    for (const late of ["lands before the next", "lands after the next", "never lands"] as const) {
      let held: (() => Promise<WriteAnswer>) | null = null;
      let first = true;
      const { inner, owners } = withPut(async (write) => {
        if (!first) return write();
        first = false;
        held = write;
        return unknown;
      });
      const land = () => (held as unknown as () => Promise<WriteAnswer>)();
      await expect(owners.require(ann, app, { fresh: true })).rejects.toMatchObject({ kind: "unavailable" });
      if (late === "lands before the next") await land();
      const bobs = await owners.require(bob, app, { fresh: true }).then(
        () => "let in",
        (error) => error.status,
      );
      if (late === "lands after the next") expect((await land()).is).toBe("refused");
      const owner = late === "lands before the next" ? "ann" : "bob";
      expect([late, bobs]).toEqual([late, owner === "bob" ? "let in" : 403]);
      expect(await kept(inner)).toBe(bodyOf(owner));
      // In a process that knew nothing of it, too.
      await process(inner).require({ sub: owner }, app);
      await expect(
        process(inner).require({ sub: owner === "ann" ? "bob" : "ann" }, app),
      ).rejects.toMatchObject(forbidden);
    }
  });

  it("is an error each time, and the next time it works nothing is lost", async () => {
    const inner = createMemoryBucket();
    const bucket = createFaultyBucket(inner, { random: () => 0, chances: { callFails: 1 } });
    const owners = process(bucket);
    for (let i = 0; i < 3; i++)
      await expect(owners.require(ann, app)).rejects.toMatchObject({ kind: "unavailable" });
    bucket.setChances({ callFails: 0, writeFails: 1 });
    await expect(owners.require(ann, app)).rejects.toBeInstanceOf(StoreError);
    expect(await kept(inner)).toBe("absent");
    bucket.setChances({ writeFails: 0 });
    await owners.require(ann, app);
    expect(await kept(inner)).toBe(bodyOf("ann"));
  });

  it("may forbid reading what is not there: the PUT finds out", async () => {
    const inner = createMemoryBucket();
    const bucket = createCountingBucket({
      ...inner,
      async get(key: string, options?: Parameters<Bucket["get"]>[1]) {
        const answer = await inner.get(key, options);
        if (answer.is !== "absent") return answer;
        throw new StoreError({ kind: "unauthorized", what: "403", fix: "Allow it." });
      },
    });
    await process(bucket).require(ann, app);
    expect(counted(bucket)).toEqual({ put: 1, get: 1, other: 0 });
    await process(bucket).require(ann, app);
    await expect(process(bucket).require(bob, app)).rejects.toMatchObject(forbidden);
  });

  it("or holds something else there: lets nobody in, overwrites nothing, and tells which object it is", async () => {
    const wrong = [
      "",
      "{",
      "{}",
      bodyOf(""),
      bodyOf("ann").replace("app-1", "app-2"),
      bodyOf("ann").replace(app, testApp(2)),
      bodyOf("ann").replace('"ann"', '{"$":"ann"}'),
      JSON.stringify({ ...JSON.parse(bodyOf("ann")), note: "x".repeat(20_000) }),
      "[".repeat(10_000),
    ];
    for (const text of wrong) {
      const inner = createMemoryBucket();
      await put(inner, text);
      for (const fresh of [true, false])
        await expect(process(inner).require(ann, app, { fresh }), text.slice(0, 60)).rejects.toMatchObject({
          kind: "corrupt",
          key: appKey(app),
          what: expect.stringContaining(appKey(app)),
        });
      expect(await kept(inner)).toBe(text);
    }
  });
});

describe("Two principals that are first at once", () => {
  /** Mulberry32, for seeds. */
  const randomOf = (seed: number) => () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };

  it("are told apart: exactly one is ever let in, in all processes, whatever becomes of requests", async () => {
    let refused = 0;
    let later = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const random = randomOf(seed);
      const inner = createMemoryBucket();
      const chances = { answerLost: 0.2, writeLost: 0.1, writeLate: 0.3, writeTwice: 0.1, callFails: 0.1 };
      const bucket = createFaultyBucket(inner, { random, chances, lateCallsMax: 6 });
      const processes = [process(bucket), process(bucket), process(bucket)];
      const letIn = new Set<string>();
      const client = async (sub: string) => {
        for (let tries = 0; tries < 6; tries++) {
          const owners = processes[Math.floor(random() * processes.length)] as (typeof processes)[number];
          try {
            await owners.require({ sub }, app, { fresh: random() < 0.5 });
            letIn.add(sub);
          } catch (error) {
            if (error instanceof StoreError) later += 1;
            else refused += 1;
          }
        }
      };
      await Promise.all(["ann", "bob", "eve"].map(client));
      await bucket.landHeld();
      bucket.setChances({ answerLost: 0, writeLost: 0, writeLate: 0, writeTwice: 0, callFails: 0 });
      await Promise.all(["ann", "bob", "eve"].map(client));
      expect([seed, letIn.size]).toEqual([seed, 1]);
      expect([seed, await kept(inner)]).toEqual([seed, bodyOf([...letIn][0] ?? "")]);
    }
    expect(refused).toBeGreaterThan(1_000);
    expect(later).toBeGreaterThan(100);
  });
});
