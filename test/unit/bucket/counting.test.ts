import { describe, expect, it } from "vitest";
import { createCountingBucket } from "../../../bucket/counting.ts";
import { createFaultyBucket } from "../../../bucket/faulty.ts";
import { createMemoryBucket } from "../../../bucket/memory.ts";

const five = { body: new Uint8Array(5), contentType: "", cacheControl: "" };
const none = {
  get: 0,
  getUnchanged: 0,
  getAbsent: 0,
  put: 0,
  swap: 0,
  list: 0,
  delete: 0,
  bytesOut: 0,
  bytesIn: 0,
};

describe("The counting bucket", () => {
  it("counts every call by its kind, and the bytes of bodies both ways", async () => {
    const bucket = createCountingBucket(createMemoryBucket());
    const put = await bucket.putIfAbsent("a", five);
    const etag = put.is === "stored" ? put.etag : "";
    await bucket.putIfAbsent("a", five);
    await bucket.get("a");
    await bucket.get("a", { ifNoneMatch: etag });
    await bucket.get("b");
    await bucket.get("a", { bytesMax: 2 });
    await bucket.putIfMatch("a", five, etag);
    await bucket.list("");
    await bucket.delete(["a", "b"]);
    expect(bucket.counts()).toEqual({
      get: 4,
      getUnchanged: 1,
      getAbsent: 1,
      put: 2,
      swap: 1,
      list: 1,
      delete: 1,
      bytesOut: 15,
      bytesIn: 10,
    });
  });

  it("gives counts that stay as they were, and starts anew after a reset", async () => {
    const bucket = createCountingBucket(createMemoryBucket());
    const before = bucket.counts();
    await bucket.list("");
    expect(before).toEqual(none);
    bucket.reset();
    expect(bucket.counts()).toEqual(none);
  });

  it("counts calls that fail, too", async () => {
    const failing = createFaultyBucket(createMemoryBucket(), { random: () => 0, chances: { callFails: 1 } });
    const bucket = createCountingBucket(failing);
    await expect(bucket.get("a")).rejects.toMatchObject({ kind: "unavailable" });
    expect(bucket.counts()).toEqual({ ...none, get: 1 });
  });
});
