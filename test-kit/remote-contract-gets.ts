/** Part of the remote contract. Get: heads with etags, what is not there, and the clock. */
import { expect, it } from "vitest";
import { parseHead } from "../shared/wire/head.ts";
import { parseStoreId } from "../shared/wire/ids.ts";
import { builtKey, headKey } from "../shared/wire/keys.ts";
import { toTimestamp } from "../shared/wire/time.ts";
import type { AskedRemote } from "./remote-contract-parts.ts";

/** The service's clock may tick in whole seconds, and be this much apart from the test's. */
const clockSlackMs = 5 * 60_000;

export function describeGets(asked: () => AskedRemote): void {
  it("has a name for people, and knows no clock before it has asked anything", () => {
    const { remote, store } = asked();
    expect(remote.name).not.toBe("");
    expect(remote.open(store).clockOffsetMs()).toBeNull();
  });

  it("gives the head with its etag and the service's date", async () => {
    const { to, headKey: key } = asked();
    const got = await to.get(key);
    expect(got).toMatchObject({ is: "found", etag: expect.any(String) });
    expect(Math.abs(got.date - Date.now())).toBeLessThan(clockSlackMs);
    if (got.is !== "found") return;
    expect(got.etag).not.toBe("");
    expect(parseHead(JSON.parse(new TextDecoder().decode(got.body)))).toMatchObject({ ok: true });
  });

  it("answers unchanged, without a body, as long as the head has the given etag, and gives the next one", async () => {
    const { to, headKey: key, head, rollup, stored, update, newApp } = asked();
    const { etag, head: before } = await head();
    const unchanged = await to.get(key, { ifNoneMatch: etag });
    expect(unchanged.is).toBe("unchanged");
    expect(unchanged).not.toHaveProperty("body");
    await stored(update(newApp(), 1));
    await rollup();
    expect((await to.get(key, { ifNoneMatch: etag })).is).toBe("found");
    const after = await head();
    expect(after.etag).not.toBe(etag);
    expect(after.head.rev).toBeGreaterThan(before.rev);
  });

  it("takes the head of a store that nobody made for absent, also when an etag is given", async () => {
    const { remote, head } = asked();
    const never = parseStoreId("nobody-made-this-store");
    if (never === undefined) throw new Error("not a store id");
    const to = remote.open(never);
    expect((await to.get(headKey(never))).is).toBe("absent");
    expect((await to.get(headKey(never), { ifNoneMatch: (await head()).etag })).is).toBe("absent");
  });

  it("takes a segment or snapshot that is not there for absent", async () => {
    const { to, store } = asked();
    const through = toTimestamp(Date.UTC(2001, 0, 1));
    const name = { store, through, rev: 1, nonce: "0123456789abcdef" };
    expect((await to.get(builtKey({ ...name, kind: "segments" }))).is).toBe("absent");
    expect((await to.get(builtKey({ ...name, kind: "snapshots", modelVersion: 1 }))).is).toBe("absent");
  });

  it("does not give more of an object than was asked for", async () => {
    const { to, headKey: key } = asked();
    const got = await to.get(key, { bytesMax: 10 });
    expect(got.is).toBe("tooLarge");
    if (got.is === "tooLarge") expect(got.bytes).toBeGreaterThan(10);
  });

  it("knows the service's clock after an answer", async () => {
    const { remote, store, headKey: key } = asked();
    const to = remote.open(store);
    await to.get(key);
    const offset = to.clockOffsetMs();
    expect(offset).not.toBeNull();
    expect(Math.abs(offset ?? Number.POSITIVE_INFINITY)).toBeLessThan(clockSlackMs);
  });
}
