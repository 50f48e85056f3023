/** Part of the bucket contract. Get: found, absent, unchanged, too large. */
import { expect, it } from "vitest";
import type { Bucket } from "../shared/ports/bucket.ts";
import { bodyOf, etagOf, patternBytes, sameBytes, textContent } from "./bucket-contract-bodies.ts";

export function describeReads(bucket: () => Bucket): void {
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
