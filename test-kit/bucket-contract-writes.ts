/** Part of the bucket contract. Conditional writes one after another: what they refuse, keep and date. */
import { expect, it } from "vitest";
import type { Bucket } from "../shared/ports/bucket.ts";
import { bodyOf, etagOf, patternBytes, sameBytes, textContent } from "./bucket-contract-bodies.ts";

/** The bucket's clock may tick in whole seconds, and be this much apart from the test's. */
const clockSlackMs = 5 * 60_000;
/** More than four generations of the folder bucket. */
const chainLength = 300;

export function describeWrites(bucket: () => Bucket, etagPerVersion: boolean): void {
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
    const bodyAt = (i: number) => (etagPerVersion ? "the same" : `another ${i}`);
    const etags = [etagOf(await bucket().putIfAbsent(key, textContent("0")))];
    for (let i = 1; i <= chainLength; i++) {
      const before = etags.at(-1) ?? "";
      etags.push(etagOf(await bucket().putIfMatch(key, textContent(bodyAt(i)), before)));
      const known = [before, etags.at(-1) ?? ""];
      const looks = await Promise.all(known.map((ifNoneMatch) => bucket().get(key, { ifNoneMatch })));
      expect(looks.map(({ is }) => is)).toEqual(["found", "unchanged"]);
    }
    expect(new Set(etags).size).toBe(chainLength + 1);
    const stale = etags.slice(0, -1).filter((_, i) => i % 7 === 0);
    const late = await Promise.all(stale.map((etag) => bucket().putIfMatch(key, textContent("late"), etag)));
    expect(late.map(({ is }) => is)).toEqual(stale.map(() => "refused"));
    expect(bodyOf(await bucket().get(key))).toBe(bodyAt(chainLength));
  }, 60_000);
}
