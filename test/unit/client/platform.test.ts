import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createWebPlatform, type WebEngine } from "../../../client/platform.ts";
import { decodeUtf8, encodeUtf8 } from "../../../client/utf8.ts";

/** Node has all that a browser has. */
const browser = globalThis as unknown as WebEngine;
/** What a bare engine has. */
const bare: WebEngine = {
  crypto: { getRandomValues: (bytes) => globalThis.crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>) },
  setTimeout: (ring, ms) => setTimeout(ring, ms),
  clearTimeout: (timer) => clearTimeout(timer),
};
/** Any units, lone surrogates among them. */
const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
});
const anyBytes = fc.uint8Array({ maxLength: 12 });

for (const [name, engine] of [
  ["a browser", browser],
  ["a bare engine", bare],
] as const)
  describe(`The platform of ${name}`, () => {
    const platform = createWebPlatform(engine);

    it("hashes every text as Node does", () => {
      fc.assert(
        fc.property(anyText, (text) => {
          expect(platform.sha256(text)).toBe(createHash("sha256").update(text).digest("hex"));
        }),
      );
      expect(platform.sha256("")).toMatch(/^e3b0c44298fc1c14/);
    });

    it("encodes text as UTF-8 and reads it back, with a byte order mark where there was one", () => {
      for (const text of ["", "plain", "äöü€🧊", "\uFEFFmark", "x".repeat(100_000), "🧊".repeat(20_000)])
        expect(platform.decodeText(platform.encodeText(text)) === text).toBe(true);
      expect(() => platform.decodeText(Uint8Array.of(0xc3, 0x28))).toThrow(TypeError);
    });

    it("makes nonces of 16 letters, all different", () => {
      const nonces = Array.from({ length: 1_000 }, () => platform.newNonce());
      for (const nonce of nonces) expect(nonce).toMatch(/^[0-9a-hjkmnp-tv-z]{16}$/);
      expect(new Set(nonces).size).toBe(nonces.length);
      expect(new Set(nonces.join("")).size).toBe(32);
    });

    it("waits, and ends a wait at once when its signal is aborted, before or during it", async () => {
      const before = platform.now();
      await platform.wait(20);
      expect(platform.now() - before).toBeGreaterThanOrEqual(15);
      const control = new AbortController();
      const waiting = platform.wait(60_000, control.signal);
      control.abort();
      await waiting;
      await platform.wait(60_000, control.signal);
      await platform.wait(-5);
    });
  });

describe("Gzip on the web platform", () => {
  const platform = createWebPlatform(browser);
  const bytes = platform.encodeText("layer by layer ".repeat(10_000));

  it("packs what Node unpacks, and unpacks what Node packs", async () => {
    expect(Buffer.from(gunzipSync(await platform.gzip(bytes))).equals(bytes)).toBe(true);
    const unpacked = await platform.gunzip(new Uint8Array(gzipSync(bytes)), bytes.length);
    expect(Buffer.from(unpacked).equals(bytes)).toBe(true);
    expect((await platform.gunzip(await platform.gzip(new Uint8Array(0)), 10)).length).toBe(0);
  });

  it("stops as soon as the result is longer than it may be, however small the input", async () => {
    const bomb = new Uint8Array(gzipSync(new Uint8Array(50_000_000)));
    expect(bomb.length).toBeLessThan(100_000);
    await expect(platform.gunzip(bomb, 1_000_000)).rejects.toThrow(/longer than 1000000 bytes/);
    await expect(platform.gunzip(await platform.gzip(bytes), bytes.length - 1)).rejects.toThrow(RangeError);
  });

  it("throws for bytes that are no gzip, and for one that was cut short", async () => {
    await expect(platform.gunzip(Uint8Array.of(1, 2, 3, 4), 100)).rejects.toThrow();
    const packed = await platform.gzip(bytes);
    await expect(platform.gunzip(packed.subarray(0, packed.length - 9), 1_000_000)).rejects.toThrow();
  });

  it("says what a bare engine lacks and what to do", async () => {
    const bareOne = createWebPlatform(bare);
    for (const asked of [() => bareOne.gzip(bytes), () => bareOne.gunzip(bytes, 100)])
      await expect(asked()).rejects.toMatchObject({
        name: "StoreError",
        kind: "incompatible",
        message: expect.stringMatching(/engine has no (De)?[cC]ompressionStream\. Add the engine's/),
      });
  });
});

describe("The web platform", () => {
  it("refuses an engine without secure randomness or timers when it is made, and says what to add", () => {
    const { setTimeout, clearTimeout, crypto } = bare;
    expect(() => createWebPlatform({ setTimeout, clearTimeout })).toThrow(/react-native-get-random-values/);
    expect(() => createWebPlatform({ crypto } as WebEngine)).toThrow(/has no setTimeout/);
  });
});

describe("UTF-8 of its own", () => {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  it("encodes every text as TextEncoder does", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(encodeUtf8(text)).toEqual(encoder.encode(text));
      }),
    );
  });

  it("reads every text that TextDecoder reads, and refuses all others", () => {
    const outcome = (read: () => string): string => {
      try {
        return `text ${read()}`;
      } catch (error) {
        return error instanceof TypeError ? "refused" : String(error);
      }
    };
    const near = fc
      .array(
        fc.constantFrom(
          0x41,
          0x80,
          0x8f,
          0x90,
          0x9f,
          0xa0,
          0xbf,
          0xc0,
          0xc1,
          0xc2,
          0xdf,
          0xe0,
          0xed,
          0xef,
          0xf0,
          0xf4,
          0xf5,
          0xf8,
          0xfe,
          0xff,
        ),
        { maxLength: 5 },
      )
      .map((list) => Uint8Array.from(list));
    fc.assert(
      fc.property(fc.oneof(anyBytes, near), (bytes) => {
        expect(outcome(() => decodeUtf8(bytes))).toBe(outcome(() => decoder.decode(bytes)));
      }),
      { numRuns: 3_000 },
    );
  });
});
