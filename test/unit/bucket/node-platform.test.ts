import { describe, expect, it } from "vitest";
import { createNodePlatform } from "../../../bucket/platform/node.ts";

const platform = createNodePlatform();

describe("The platform of Node", () => {
  it("hashes the UTF-8 bytes of a text with SHA-256", () => {
    expect(platform.sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(platform.sha256("é")).toBe("4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c");
  });

  it("makes nonces of 16 characters of Crockford's alphabet, all different", () => {
    const nonces = Array.from({ length: 1_000 }, () => platform.newNonce());
    for (const nonce of nonces) expect(nonce).toMatch(/^[0-9a-hjkmnp-tv-z]{16}$/);
    expect(new Set(nonces).size).toBe(1_000);
    expect(new Set(nonces.join("")).size).toBe(32);
  });

  it("packs and unpacks bytes, and refuses too many or what is no gzip", async () => {
    const bytes = new Uint8Array(10_000).fill(65);
    const packed = await platform.gzip(bytes);
    expect(packed.length).toBeLessThan(200);
    expect(await platform.gunzip(packed, 10_000)).toEqual(bytes);
    await expect(platform.gunzip(packed, 9_999)).rejects.toThrow();
    await expect(platform.gunzip(bytes, 10_000)).rejects.toThrow();
    await expect(platform.gunzip(packed.subarray(0, 20), 10_000)).rejects.toThrow();
  });

  it("turns text to bytes and back, a byte order mark included, and refuses what is not UTF-8", () => {
    const text = "\ufeffgrüße 🧊";
    expect(platform.decodeText(platform.encodeText(text))).toBe(text);
    expect(() => platform.decodeText(Uint8Array.of(0xff))).toThrow();
  });

  it("waits as long as asked", async () => {
    const start = performance.now();
    await platform.wait(30);
    expect(performance.now() - start).toBeGreaterThan(25);
  });

  it("stops waiting without an error when it is aborted, before or during the wait", async () => {
    const abort = new AbortController();
    const waiting = platform.wait(60_000, abort.signal);
    abort.abort();
    await waiting;
    await platform.wait(60_000, abort.signal);
    expect(abort.signal.aborted).toBe(true);
  });
});
