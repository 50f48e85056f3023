/** A store whose head is gone, or is being made again, is told from one that never was: nobody may take it for a store that was wiped. */
import { afterEach, describe, expect, it } from "vitest";
import { createMemoryBucket } from "../../bucket/memory.ts";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { httpRemote } from "../../client/remote/http.ts";
import { recoverStore } from "../../shared/drive/recover.ts";
import { StoreError } from "../../shared/errors.ts";
import type { Bucket } from "../../shared/ports/bucket.ts";
import { encodeClaim } from "../../shared/wire/claim.ts";
import { headKey } from "../../shared/wire/keys.ts";
import { toTimestamp } from "../../shared/wire/time.ts";
import { encodeUpdate } from "../../shared/wire/update.ts";
import { type ApiServer, startApi } from "../fixtures/api-server.ts";
import { testStoreId, testUpdate } from "../fixtures/store-host.ts";

let api: ApiServer;
afterEach(() => api?.close());

const store = testStoreId("main");
const lost = { status: 503, kind: "unavailable", told: expect.stringMatching(/lost its head/) };
const absent = { status: 404, kind: "absent", told: expect.stringMatching(/There is no store/) };

async function ask(what: string, name = "main") {
  const json = { "content-type": "application/json" };
  const post = { method: "POST", headers: json, body: JSON.stringify(encodeUpdate(testUpdate(1, 2))) };
  const answer = await api.call(`/v1/stores/${name}/${what}`, what === "updates" ? post : {});
  const { error } = answer.body as { readonly error?: { readonly kind: string; readonly what: string } };
  return { status: answer.status, kind: error?.kind, told: error?.what, headers: answer.headers };
}
const parts = ["head", "tail", "live", "updates"] as const;

async function behead(): Promise<void> {
  await api.host.bucket.delete([headKey(store)]);
}

describe("A store without a head", () => {
  it("has lost it where segments are there: 503 at every address, and what to do", async () => {
    api = await startApi();
    await api.post(testUpdate(1, 1));
    await api.rollup();
    await behead();
    for (const part of parts) {
      const answer = await ask(part);
      expect([part, answer]).toEqual([part, expect.objectContaining(lost)]);
      expect(answer.headers["retry-after"]).toBe("1");
    }
    const { body } = await api.call("/v1/stores/main/head");
    expect(JSON.stringify(body)).toMatch(/icecore recover --store main/);
  });

  it("is called absent where only raw updates are there: what is warm puts one into a store that was wiped", async () => {
    api = await startApi();
    await api.post(testUpdate(1, 1));
    await behead();
    for (const part of parts)
      expect([part, await ask(part)]).toEqual([part, expect.objectContaining(absent)]);
  });

  it("never was where nothing is there, which is looked for once for all who ask in a while", async () => {
    api = await startApi();
    api.host.bucket.reset();
    for (let i = 0; i < 3; i++)
      for (const part of parts)
        expect([part, await ask(part, "nowhere")]).toEqual([part, expect.objectContaining(absent)]);
    expect(api.host.bucket.counts()).toMatchObject({ list: 1, put: 0 });
  });

  it("is there again as soon as its head is", async () => {
    api = await startApi();
    await api.post(testUpdate(1, 1));
    await api.rollup();
    await behead();
    expect((await ask("updates")).status).toBe(503);
    await recoverStore(api.host, { store });
    for (const part of ["head", "tail", "updates"])
      expect([part, (await ask(part)).status]).toEqual([part, 200]);
  });

  it("is being recovered where a claim is there, also to who sends", async () => {
    api = await startApi();
    await api.post(testUpdate(1, 1));
    await behead();
    const claim = JSON.stringify(encodeClaim({ at: toTimestamp(Date.now()), nonce: "a" }));
    const body = createNodePlatform().encodeText(claim);
    await api.host.bucket.putIfAbsent(headKey(store), {
      body,
      contentType: "application/json",
      cacheControl: "",
    });
    for (const part of parts)
      expect([part, await ask(part)]).toEqual([
        part,
        expect.objectContaining({ ...lost, told: expect.stringMatching(/is being recovered/) }),
      ]);
  });

  it("is called absent where nobody may look for its objects", async () => {
    const memory = createMemoryBucket();
    let closed = false;
    const forbidden = new StoreError({ kind: "unauthorized", what: "s3://secret says no", fix: "Ask." });
    const inner: Bucket = {
      ...memory,
      list: async (...asked) => (closed ? Promise.reject(forbidden) : memory.list(...asked)),
    };
    api = await startApi({ inner });
    await api.post(testUpdate(1, 1));
    await api.rollup();
    await behead();
    closed = true;
    for (const part of ["head", "updates"])
      expect([part, await ask(part)]).toEqual([part, expect.objectContaining(absent)]);
  });

  it("is unavailable to a client, in the server's words, and takes the very same update afterwards", async () => {
    api = await startApi();
    await api.post(testUpdate(1, 1));
    await api.rollup();
    await behead();
    const remote = httpRemote(api.url, { platform: createNodePlatform() }).open(store);
    const update = testUpdate(1, 2);
    const sent = remote.send(update);
    const outcome = await sent.catch((error: StoreError) => ({ is: error.kind, reason: error.what }));
    expect(outcome).toMatchObject({
      is: "later",
      reason: expect.stringMatching(/503: Store "main" has lost its head/),
    });
    await recoverStore(api.host, { store });
    expect(await remote.send(update)).toMatchObject({ is: "stored" });
  });
});
