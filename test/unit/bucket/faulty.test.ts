import { describe, expect, it } from "vitest";
import { createFaultyBucket, type FaultChances } from "../../../bucket/faulty.ts";
import { createMemoryBucket } from "../../../bucket/memory.ts";
import type { Bucket } from "../../../shared/ports/bucket.ts";
import { createRandom } from "../../../test-kit/random.ts";

const content = { body: Uint8Array.of(1, 2, 3), contentType: "", cacheControl: "" };

describe("The faulty bucket", () => {
  const open = (chances: Partial<FaultChances>, random = createRandom(1).fraction) => {
    const inner = createMemoryBucket();
    return { inner, bucket: createFaultyBucket(inner, { random, chances, lateCallsMax: 3 }) };
  };

  it("performs a write and loses the answer", async () => {
    const { inner, bucket } = open({ answerLost: 1 });
    expect((await bucket.putIfAbsent("a", content)).is).toBe("unknown");
    expect((await inner.get("a")).is).toBe("found");
  });

  it("does not perform a write and says unknown", async () => {
    const { inner, bucket } = open({ writeLost: 1 });
    expect((await bucket.putIfAbsent("a", content)).is).toBe("unknown");
    expect(bucket.heldCount()).toBe(0);
    expect((await inner.get("a")).is).toBe("absent");
  });

  it("lets a write land some calls later, at most lateCallsMax", async () => {
    const { inner, bucket } = open({ writeLate: 1 });
    expect((await bucket.putIfAbsent("a", content)).is).toBe("unknown");
    expect([bucket.heldCount(), (await inner.get("a")).is]).toEqual([1, "absent"]);
    for (let i = 0; i < 3; i++) await bucket.list("");
    expect([bucket.heldCount(), (await inner.get("a")).is]).toEqual([0, "found"]);
  });

  it("lands everything that is held when asked", async () => {
    const { inner, bucket } = open({ writeLate: 1 });
    await bucket.putIfAbsent("a", content);
    await bucket.landHeld();
    expect([bucket.heldCount(), (await inner.get("a")).is]).toEqual([0, "found"]);
  });

  it("performs a write twice, so that the writer is refused because of its own success", async () => {
    const { inner, bucket } = open({ writeTwice: 1 });
    expect((await bucket.putIfAbsent("a", content)).is).toBe("refused");
    expect((await inner.get("a")).is).toBe("found");
  });

  it("throws unavailable for a write that certainly did not happen", async () => {
    const { inner, bucket } = open({ writeFails: 1 });
    await expect(bucket.putIfAbsent("a", content)).rejects.toMatchObject({ kind: "unavailable" });
    expect((await inner.get("a")).is).toBe("absent");
  });

  it("throws unavailable for gets, lists and deletes, and still writes", async () => {
    const { bucket } = open({ callFails: 1 });
    expect((await bucket.putIfAbsent("a", content)).is).toBe("stored");
    await expect(bucket.get("a")).rejects.toMatchObject({ kind: "unavailable" });
    await expect(bucket.list("")).rejects.toMatchObject({ kind: "unavailable" });
    await expect(bucket.delete(["a"])).rejects.toMatchObject({ kind: "unavailable" });
  });

  it("damages bodies only when asked, and never the stored ones", async () => {
    const { inner, bucket } = open({});
    await bucket.putIfAbsent("a", content);
    for (let i = 0; i < 50; i++) expect(await bodyOf(bucket)).toEqual([1, 2, 3]);
    bucket.setChances({ bodyDamaged: 1 });
    for (let i = 0; i < 50; i++) expect(await bodyOf(bucket)).not.toEqual([1, 2, 3]);
    expect(await bodyOf(inner)).toEqual([1, 2, 3]);
  });

  it("goes wrong in the same way for the same seed, and in another way for another", async () => {
    const chances = { answerLost: 0.2, writeLost: 0.2, writeLate: 0.2, writeTwice: 0.2, callFails: 0.3 };
    const run = async (seed: number): Promise<string> => {
      const { bucket } = open(chances, createRandom(seed).fraction);
      const seen = [];
      for (let i = 0; i < 60; i++) {
        seen.push((await bucket.putIfAbsent(`k${i % 20}`, content)).is);
        seen.push(
          await bucket.get(`k${i % 7}`).then(
            ({ is }) => is,
            () => "failed",
          ),
        );
      }
      return seen.join(" ");
    };
    expect(await run(5)).toBe(await run(5));
    expect(await run(5)).not.toBe(await run(6));
  });

  it("refuses chances that cannot be", () => {
    expect(() => open({ answerLost: 0.6, writeLost: 0.6 })).toThrow(/at most 1/);
    expect(() => open({ callFails: -0.1 })).toThrow(/from 0 to 1/);
  });
});

async function bodyOf(bucket: Bucket): Promise<readonly number[]> {
  const got = await bucket.get("a");
  return got.is === "found" ? [...got.body] : [];
}
