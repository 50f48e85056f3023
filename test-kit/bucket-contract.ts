/**
 * The contract of the Bucket port as a vitest suite. Every adapter runs it, and so may a user's own: what the protocol
 * relies on (PROTOCOL section 2, A1 and A2) is asked here of the real thing. It only uses the port, never repeats a key
 * across tests, and leaves its objects behind, so the bucket may be shared but must be empty under the test's prefix.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Bucket, PutContent, WriteAnswer } from "../shared/ports/bucket.ts";

export interface OpenedBucket {
  readonly bucket: Bucket;
  readonly close?: () => Promise<void>;
}

/** The bucket's clock may tick in whole seconds, and be this much apart from the test's. */
const clockSlackMs = 5 * 60_000;
/** More than four generations of the folder bucket. */
const chainLength = 300;
const raceWidth = 20;

/**
 * Runs the whole contract against the bucket that `open` gives.
 *
 * @example
 * describeBucketContract("my bucket", async () => ({ bucket: createMyBucket() }));
 */
export function describeBucketContract(name: string, open: () => Promise<OpenedBucket>): void {
  describe(`${name} keeps the contract of the Bucket port`, () => {
    let opened: OpenedBucket | undefined;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(async () => opened?.close?.());

    const bucket = (): Bucket => {
      if (!opened) throw new Error("the bucket did not open");
      return opened.bucket;
    };
    describeReads(bucket);
    describeWrites(bucket);
    describeRaces(bucket);
    describeLists(bucket);
    describeDeletes(bucket);
  });
}

function describeReads(bucket: () => Bucket): void {
  it("answers absent for a key that was never stored", async () => {
    expect((await bucket().get("reads/never.json")).is).toBe("absent");
    expect((await bucket().get("reads/never/deeper.json")).is).toBe("absent");
  });

  it("gives back what was stored, with the etag of the store", async () => {
    const put = await bucket().putIfAbsent("reads/found.json", textContent("hello"));
    const got = await bucket().get("reads/found.json");
    expect(got).toMatchObject({ is: "found", etag: etagOf(put) });
    expect(bodyOf(got)).toBe("hello");
  });

  it("does not take the folder above an object for an object", async () => {
    await bucket().putIfAbsent("reads/folder/object.json", textContent("x"));
    expect((await bucket().get("reads/folder")).is).toBe("absent");
  });

  it("answers unchanged, without a body, only as long as the etag is that of the object", async () => {
    const key = "reads/unchanged.json";
    const first = etagOf(await bucket().putIfAbsent(key, textContent("one")));
    const unchanged = await bucket().get(key, { ifNoneMatch: first });
    expect(unchanged.is).toBe("unchanged");
    expect(unchanged).not.toHaveProperty("body");
    const second = etagOf(await bucket().putIfMatch(key, textContent("two"), first));
    expect(bodyOf(await bucket().get(key, { ifNoneMatch: first }))).toBe("two");
    expect((await bucket().get(key, { ifNoneMatch: second })).is).toBe("unchanged");
  });

  it("answers absent, not unchanged, when a conditional get finds no object", async () => {
    const etag = etagOf(await bucket().putIfAbsent("reads/other.json", textContent("x")));
    expect((await bucket().get("reads/none.json", { ifNoneMatch: etag })).is).toBe("absent");
  });

  it("gives only the first 64 KiB of an object above bytesMax, and all of one that has exactly bytesMax", async () => {
    const body = patternBytes(100_000);
    await bucket().putIfAbsent("reads/large.bin", { ...textContent(""), body });
    const cut = await bucket().get("reads/large.bin", { bytesMax: 99_999 });
    expect(cut).toMatchObject({ is: "tooLarge", bytes: 100_000 });
    if (cut.is === "tooLarge") expect(sameBytes(cut.start, body.subarray(0, 64 * 1024))).toBe(true);
    const whole = await bucket().get("reads/large.bin", { bytesMax: 100_000 });
    expect(whole.is === "found" && sameBytes(whole.body, body)).toBe(true);
  });

  it("gives all of a small object that is above a small bytesMax as its start", async () => {
    await bucket().putIfAbsent("reads/small.bin", textContent("12345"));
    const cut = await bucket().get("reads/small.bin", { bytesMax: 2 });
    expect(cut).toMatchObject({ is: "tooLarge", bytes: 5 });
    if (cut.is === "tooLarge") expect(new TextDecoder().decode(cut.start)).toBe("12345");
  });
}

function describeWrites(bucket: () => Bucket): void {
  it("refuses to store a new object under a taken key and leaves the object as it was", async () => {
    await bucket().putIfAbsent("writes/taken.json", textContent("first"));
    expect((await bucket().putIfAbsent("writes/taken.json", textContent("second"))).is).toBe("refused");
    expect(bodyOf(await bucket().get("writes/taken.json"))).toBe("first");
  });

  it("refuses a new object also under a key whose object was replaced", async () => {
    const etag = etagOf(await bucket().putIfAbsent("writes/replaced.json", textContent("a")));
    await bucket().putIfMatch("writes/replaced.json", textContent("b"), etag);
    expect((await bucket().putIfAbsent("writes/replaced.json", textContent("c"))).is).toBe("refused");
    expect(bodyOf(await bucket().get("writes/replaced.json"))).toBe("b");
  });

  it("refuses a swap with a stale etag and leaves the object as it was", async () => {
    const key = "writes/stale.json";
    const stale = etagOf(await bucket().putIfAbsent(key, textContent("one")));
    const fresh = etagOf(await bucket().putIfMatch(key, textContent("two"), stale));
    expect((await bucket().putIfMatch(key, textContent("three"), stale)).is).toBe("refused");
    expect(bodyOf(await bucket().get(key))).toBe("two");
    expect((await bucket().putIfMatch(key, textContent("four"), fresh)).is).toBe("stored");
  });

  it("refuses a swap of an absent key and does not make it", async () => {
    const etag = etagOf(await bucket().putIfAbsent("writes/there.json", textContent("x")));
    expect((await bucket().putIfMatch("writes/absent.json", textContent("y"), etag)).is).toBe("refused");
    expect((await bucket().get("writes/absent.json")).is).toBe("absent");
  });

  it("refuses a swap with an etag that no bucket ever made", async () => {
    await bucket().putIfAbsent("writes/odd.json", textContent("x"));
    for (const etag of ['"nonsense"', '"0-0"', "*"])
      expect((await bucket().putIfMatch("writes/odd.json", textContent("y"), etag)).is).toBe("refused");
  });

  it("keeps binary bodies, empty ones included, byte for byte, also after a swap", async () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    const gzipStart = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3);
    for (const [i, body] of [new Uint8Array(0), all, gzipStart, patternBytes(700_000)].entries()) {
      const key = `writes/binary-${i}.bin`;
      const etag = etagOf(await bucket().putIfAbsent(key, { ...textContent(""), body }));
      const got = await bucket().get(key);
      expect(got.is === "found" && sameBytes(got.body, body)).toBe(true);
      await bucket().putIfMatch(key, { ...textContent(""), body: body.slice().reverse() }, etag);
      const swapped = await bucket().get(key);
      expect(swapped.is === "found" && sameBytes(swapped.body, body.slice().reverse())).toBe(true);
    }
  });

  it("takes keys with every character that icecore uses, and keeps apart keys that differ by one", async () => {
    const keys = [
      "chars/store_1-x/20261121T090503.209Z-01ARZ3NDEKTSV4RRFFQ69G5FAV.json",
      "chars/store_1-x/20261121T090503.209Z-01ARZ3NDEKTSV4RRFFQ69G5FAW.json",
      "chars/store_1-x/20261121T090503.210Z-m12-r345-0123456789abcdefghjkmnpqrstvwxyz.json",
      "chars/store_1-x_/a.json",
      "chars/store_1-x-/a.json",
    ];
    for (const key of keys) expect((await bucket().putIfAbsent(key, textContent(key))).is).toBe("stored");
    for (const key of keys) expect(bodyOf(await bucket().get(key))).toBe(key);
  });

  it("dates every answer by a sane clock, and each object near the time of its store", async () => {
    const key = "writes/dated.json";
    const put = await bucket().putIfAbsent(key, textContent("x"));
    const etag = etagOf(put);
    const got = await bucket().get(key);
    const answers = [
      put,
      got,
      await bucket().get(key, { ifNoneMatch: etag }),
      await bucket().putIfAbsent(key, textContent("y")),
      await bucket().get("writes/undated.json"),
      await bucket().list("writes/"),
      await bucket().delete(["writes/undated.json"]),
    ];
    for (const { date } of answers) expect(Math.abs(date - Date.now())).toBeLessThan(clockSlackMs);
    if (got.is === "found") expect(Math.abs(got.lastModified - put.date)).toBeLessThan(clockSlackMs);
  });

  it(`replaces an object ${chainLength} times, each time with a new etag, and refuses every older one`, async () => {
    const key = "writes/chain.json";
    const etags = [etagOf(await bucket().putIfAbsent(key, textContent("0")))];
    for (let i = 1; i <= chainLength; i++) {
      const before = etags.at(-1) ?? "";
      etags.push(etagOf(await bucket().putIfMatch(key, textContent("the same"), before)));
      expect((await bucket().get(key, { ifNoneMatch: before })).is).toBe("found");
      expect((await bucket().get(key, { ifNoneMatch: etags.at(-1) ?? "" })).is).toBe("unchanged");
    }
    expect(new Set(etags).size).toBe(chainLength + 1);
    for (const stale of etags.slice(0, -1).filter((_, i) => i % 7 === 0))
      expect((await bucket().putIfMatch(key, textContent("late"), stale)).is).toBe("refused");
    expect(bodyOf(await bucket().get(key))).toBe("the same");
  }, 60_000);
}

function describeRaces(bucket: () => Bucket): void {
  it("lets exactly one of many concurrent new objects win, and shows that one", async () => {
    const key = "races/new.json";
    const answers = await race((i) => bucket().putIfAbsent(key, textContent(`writer ${i}`)));
    const winners = answers.flatMap((answer, i) => (answer.is === "stored" ? [i] : []));
    expect(winners).toHaveLength(1);
    expect(bodyOf(await bucket().get(key))).toBe(`writer ${winners[0]}`);
  });

  it("lets exactly one of many concurrent swaps with the same etag win, round after round", async () => {
    const key = "races/swap.json";
    let etag = etagOf(await bucket().putIfAbsent(key, textContent("start")));
    for (let round = 0; round < 10; round++) {
      const answers = await race((i) => bucket().putIfMatch(key, textContent(`${round} of ${i}`), etag));
      const winners = answers.flatMap((answer, i) => (answer.is === "stored" ? [{ answer, i }] : []));
      expect(winners).toHaveLength(1);
      expect(answers.every(({ is }) => is === "stored" || is === "refused" || is === "unknown")).toBe(true);
      expect(bodyOf(await bucket().get(key))).toBe(`${round} of ${winners[0]?.i}`);
      etag = etagOf(winners[0]?.answer);
    }
  });

  it("never shows half an object while it is replaced again and again", async () => {
    const key = "races/whole.json";
    const body = (letter: string): PutContent => textContent(letter.repeat(20_000));
    let etag = etagOf(await bucket().putIfAbsent(key, body("a")));
    let writing = true;
    const write = async (): Promise<void> => {
      try {
        for (const letter of "bcdefghijklmnopqrst")
          etag = etagOf(await bucket().putIfMatch(key, body(letter), etag));
      } finally {
        writing = false;
      }
    };
    const read = async (): Promise<void> => {
      while (writing) {
        const text = bodyOf(await bucket().get(key));
        expect(text === text.charAt(0).repeat(20_000)).toBe(true);
        await nextTurn();
      }
    };
    await Promise.all([write(), read()]);
  });
}

function describeLists(bucket: () => Bucket): void {
  const keys = ["Z", "a", "a-b/x", "a.b", "a/1", "a/10", "a/2", "a/b/c/d", "a0", "aa/1", "b"];
  const stored = async (folder: string): Promise<readonly string[]> => {
    const full = keys.map((key) => `${folder}/${key}.json`);
    await Promise.all([...full].reverse().map((key) => bucket().putIfAbsent(key, textContent(key))));
    return [...full].sort((a, b) => (a < b ? -1 : 1));
  };

  it("lists every key below a prefix once, in UTF-8 order, with its size", async () => {
    const sorted = await stored("lists-all");
    const { objects, more } = await bucket().list("lists-all/");
    expect(objects.map(({ key }) => key)).toEqual(sorted);
    expect(objects.map(({ bytes }) => bytes)).toEqual(sorted.map((key) => key.length));
    expect(more).toBe(false);
  });

  it("lists by a prefix that ends inside a name", async () => {
    const sorted = await stored("lists-prefix");
    for (const prefix of [
      "lists-prefix/a",
      "lists-prefix/a/1",
      "lists-pref",
      "lists-prefix/a-",
      "lists-prefix/a/b/",
    ])
      expect(await listedKeys(bucket(), prefix)).toEqual(sorted.filter((key) => key.startsWith(prefix)));
    expect(await listedKeys(bucket(), "lists-prefix/a/1.json/")).toEqual([]);
    expect(await listedKeys(bucket(), "lists-nothing/")).toEqual([]);
  });

  it("starts after the given text, whether it is a key or not", async () => {
    const sorted = await stored("lists-after");
    const texts = [
      ...sorted,
      "",
      "lists-after/",
      "lists-after/a",
      "lists-after/a/",
      "lists-after/a/1",
      "lists-after/a/~",
      "m",
    ];
    for (const after of texts) {
      const expected = sorted.filter((key) => key > after);
      expect(await listedKeys(bucket(), "lists-after/", after)).toEqual(expected);
    }
  });

  it("gives pages that put together are the whole list, and says truly whether there is more", async () => {
    const sorted = await stored("lists-pages");
    for (const limit of [1, 2, 3, sorted.length - 1, sorted.length, 1000]) {
      const seen: string[] = [];
      for (let more = true; more; ) {
        const page = await bucket().list("lists-pages/", { after: seen.at(-1) ?? "", limit });
        expect(page.objects.length).toBe(Math.min(limit, sorted.length - seen.length));
        seen.push(...page.objects.map(({ key }) => key));
        more = page.more;
        expect(more).toBe(seen.length < sorted.length);
      }
      expect(seen).toEqual(sorted);
    }
  });

  it("lists a replaced object once, with its new size", async () => {
    const key = "lists-swap/head.json";
    let etag = etagOf(await bucket().putIfAbsent(key, textContent("1")));
    for (let i = 0; i < 3; i++) etag = etagOf(await bucket().putIfMatch(key, textContent("four"), etag));
    const { objects } = await bucket().list("lists-swap/");
    expect(objects).toMatchObject([{ key, bytes: 4 }]);
  });

  it("lists every new object at once after its store", async () => {
    for (let i = 0; i < 40; i++) {
      await bucket().putIfAbsent(`lists-new/${String(i).padStart(3, "0")}.json`, textContent("x"));
      expect(await listedKeys(bucket(), "lists-new/")).toHaveLength(i + 1);
    }
  });
}

function describeDeletes(bucket: () => Bucket): void {
  it("deletes objects from gets and lists, and minds no absent ones", async () => {
    for (const name of ["a", "b", "c"]) await bucket().putIfAbsent(`deletes/${name}.json`, textContent(name));
    await bucket().delete([
      "deletes/a.json",
      "deletes/never.json",
      "deletes/none/never.json",
      "deletes/b.json",
    ]);
    await bucket().delete(["deletes/a.json"]);
    await bucket().delete([]);
    expect((await bucket().get("deletes/a.json")).is).toBe("absent");
    expect(await listedKeys(bucket(), "deletes/")).toEqual(["deletes/c.json"]);
  });

  it("takes a new object under a deleted key, also where the old one was replaced, and refuses the old etag", async () => {
    const key = "deletes/again.json";
    const first = etagOf(await bucket().putIfAbsent(key, textContent("one")));
    const second = etagOf(await bucket().putIfMatch(key, textContent("two"), first));
    await bucket().delete([key]);
    expect((await bucket().get(key)).is).toBe("absent");
    expect((await bucket().putIfMatch(key, textContent("late"), second)).is).toBe("refused");
    expect(await listedKeys(bucket(), key)).toEqual([]);
    const anew = etagOf(await bucket().putIfAbsent(key, textContent("anew")));
    expect(bodyOf(await bucket().get(key))).toBe("anew");
    expect((await bucket().putIfMatch(key, textContent("late"), second)).is).toBe("refused");
    expect((await bucket().putIfMatch(key, textContent("next"), anew)).is).toBe("stored");
  });
}

async function race(write: (i: number) => Promise<WriteAnswer>): Promise<readonly WriteAnswer[]> {
  return Promise.all(Array.from({ length: raceWidth }, (_, i) => write(i)));
}

async function listedKeys(bucket: Bucket, prefix: string, after?: string): Promise<readonly string[]> {
  const { objects } = await bucket.list(prefix, after === undefined ? {} : { after });
  return objects.map(({ key }) => key);
}

function textContent(text: string): PutContent {
  return { body: new TextEncoder().encode(text), contentType: "application/json", cacheControl: "no-store" };
}

function patternBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
}

function etagOf(answer: WriteAnswer | undefined): string {
  if (answer?.is !== "stored") throw new Error(`expected a stored object, got ${answer?.is ?? "no answer"}`);
  return answer.etag;
}

function bodyOf(answer: Awaited<ReturnType<Bucket["get"]>>): string {
  if (answer.is !== "found") throw new Error(`expected an object, got ${answer.is}`);
  return new TextDecoder().decode(answer.body);
}

/** A bucket may answer a get without leaving the thread; a loop of those would keep out everything else. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** `toEqual` on large arrays is slow and prints them. */
function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
