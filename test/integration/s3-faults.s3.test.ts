/** What goes wrong between icecore and a real S3 server, one fault after the other and all at once: retried or a clear error, nothing lost or doubled. */
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { s3FirstTriesMax } from "../../bucket/limits.ts";
import { createS3Bucket } from "../../bucket/s3/s3-bucket.ts";
import type { Bucket, PutContent } from "../../shared/ports/bucket.ts";
import { describeS3, newBucket, server } from "../ceph/s3-tests.ts";
import { type Fate, type FaultyProxy, startFaultyProxy } from "../faults/http-proxy.ts";
import { everythingAtOnce, resetsAndDelays, slowDown, spoiltAnswers, weather } from "../faults/storm.ts";

const text = (body: string): PutContent => ({
  body: new TextEncoder().encode(body),
  contentType: "application/json",
  cacheControl: "no-store",
});

describeS3("The S3 bucket behind a faulty network", () => {
  let proxy: FaultyProxy;
  let direct: Bucket;
  let bucket: Bucket;
  let silent: FaultyProxy;
  let ignored: Promise<readonly unknown[]>;

  beforeAll(async () => {
    proxy = await startFaultyProxy(server?.endpoint ?? "");
    // To be given up takes the best part of a minute, in which the other tests go on.
    silent = await startFaultyProxy(server?.endpoint ?? "");
    silent.decide(() => "silent");
    const unheard = createS3Bucket((await newBucket()).replace(server?.endpoint ?? "", silent.endpoint));
    ignored = Promise.all([
      unheard.get("a.json").catch((error) => error),
      unheard.putIfAbsent("a.json", text("x")),
    ]);
  });
  afterAll(() => Promise.all([proxy.close(), silent.close()]));
  beforeEach(async () => {
    proxy.decide(() => "pass");
    const address = await newBucket();
    direct = createS3Bucket(address);
    bucket = createS3Bucket(address.replace(server?.endpoint ?? "", proxy.endpoint));
  });

  /** The next request meets `fate`, all others pass. */
  const once = (...fates: readonly Fate[]): void => {
    const left = [...fates];
    proxy.decide(() => left.shift() ?? "pass");
  };

  it.each<Fate>(["busy", "reset", "answerLost", "answerSpoilt", "half", "conflict"])(
    "reads, lists and deletes again after %s",
    async (fate) => {
      await direct.putIfAbsent("a.json", text("a body that is longer than a few bytes"));
      once(fate, fate);
      expect((await bucket.get("a.json")).is).toBe("found");
      once(fate, fate);
      expect((await bucket.list("")).objects).toHaveLength(1);
      once(fate, fate);
      await bucket.delete(["a.json"]);
      expect((await direct.get("a.json")).is).toBe("absent");
    },
  );

  it.each<Fate>(["busy", "reset", "conflict"])(
    "answers unknown to a write that met %s, sends it once, and it did not happen",
    async (fate) => {
      const before = proxy.counts[fate] ?? 0;
      once(fate);
      expect((await bucket.putIfAbsent("a.json", text("x"))).is).toBe("unknown");
      expect(proxy.counts[fate]).toBe(before + 1);
      expect((await direct.get("a.json")).is).toBe("absent");
    },
  );

  it.each<Fate>(["answerLost", "answerSpoilt"])(
    "answers unknown to a write whose answer was lost (%s), and it did happen",
    async (fate) => {
      once(fate);
      expect((await bucket.putIfAbsent("a.json", text("x"))).is).toBe("unknown");
      expect((await direct.get("a.json")).is).toBe("found");
    },
  );

  it("answers refused to a write that somebody on the way sent twice", async () => {
    once("twice");
    expect((await bucket.putIfAbsent("a.json", text("x"))).is).toBe("refused");
    expect((await direct.get("a.json")).is).toBe("found");
  });

  it("reads a 404 to If-Match as refused, as AWS says it where the object is gone", async () => {
    const made = await direct.putIfAbsent("a.json", text("x"));
    const etag = made.is === "stored" ? made.etag : "";
    await direct.delete(["a.json"]);
    proxy.decide(() => "notFoundFor412");
    expect((await bucket.putIfMatch("a.json", text("y"), etag)).is).toBe("refused");
  });

  it("says of a web page that it is no S3, and takes it for no object and no empty list", async () => {
    proxy.decide(() => "webPage");
    for (const call of [
      () => bucket.get("heads/main.json"),
      () => bucket.list(""),
      () => bucket.putIfAbsent("a.json", text("x")),
    ])
      await expect(call()).rejects.toMatchObject({ name: "StoreError", kind: "incompatible" });
  });

  it("says that the credentials have expired, for a read and for a write, and works on once they are renewed", async () => {
    proxy.decide(() => "expired");
    await expect(bucket.get("a.json")).rejects.toMatchObject({ kind: "unauthorized" });
    await expect(bucket.putIfAbsent("a.json", text("x"))).rejects.toThrow(/expired.*sign in again/i);
    proxy.decide(() => "pass");
    expect((await bucket.putIfAbsent("a.json", text("x"))).is).toBe("stored");
  });

  it("shows every object that was there throughout exactly once, while others come and go between the pages", async () => {
    const steady = Array.from({ length: 60 }, (_, i) => `pages/${String(i * 3).padStart(3, "0")}.json`);
    const fleeting = steady.map((key) => key.replace(".json", "x.json"));
    await Promise.all([...steady, ...fleeting].map((key) => direct.putIfAbsent(key, text("x"))));
    let reading = true;
    const churn = async (): Promise<void> => {
      for (let i = 0; reading; i = (i + 7) % fleeting.length) {
        const key = fleeting[i] ?? "";
        await direct.delete([key]);
        await direct.putIfAbsent(key.replace("x.json", "y.json"), text("y"));
        await direct.delete([key.replace("x.json", "y.json")]);
        await direct.putIfAbsent(key, text("x"));
      }
    };
    const churning = [churn(), churn()];
    for (let round = 0; round < 5; round++) {
      const seen: string[] = [];
      for (let more = true; more; ) {
        const page = await bucket.list("pages/", { after: seen.at(-1) ?? "", limit: 7 });
        seen.push(...page.objects.map(({ key }) => key));
        more = page.more;
      }
      expect(seen).toEqual([...seen].sort());
      expect(seen.filter((key) => steady.includes(key))).toEqual(steady);
    }
    reading = false;
    await Promise.all(churning);
  });

  it.each([
    ["a storm of SlowDown", slowDown],
    ["lost and spoilt answers", spoiltAnswers],
    ["resets, conflicts and delays", resetsAndDelays],
    ["everything at once", everythingAtOnce],
  ] as const)("loses and doubles nothing under %s, with four writers and two rollups", (_, chances) =>
    weather({ proxy, direct, newBucket: (platform) => createS3Bucket(bucket.name, { platform }), chances }),
  );

  it("gives up on an endpoint that accepts and never answers, and says so", async () => {
    const [read, written] = await ignored;
    expect(read).toMatchObject({ kind: "unavailable" });
    expect(written).toMatchObject({ is: "unknown" });
    // So many tries of a read that has never met an answer, and the write once.
    expect(silent.counts).toEqual({ silent: s3FirstTriesMax + 1 });
  });
});
