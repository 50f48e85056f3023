/** The client's side of direct mode: whose credentials it asks for and when, and what it makes of a server or a bucket that refuses. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createS3FetchBucket } from "../../bucket/s3-fetch/index.ts";
import { type DirectRemoteOptions, directRemote } from "../../client/direct/direct.ts";
import { memoryLocal } from "../../client/local/memory.ts";
import { openStore } from "../../client/open-store.ts";
import { withHints } from "../../client/remote/appsync-hints.ts";
import type { DirectGrant } from "../../shared/wire/http-access.ts";
import { headKey, updateKey } from "../../shared/wire/keys.ts";
import { toTimestamp, zeroTimestamp } from "../../shared/wire/time.ts";
import { type OddService, s3Says, startOddService } from "../fixtures/odd-service.ts";
import { pairsModel } from "../fixtures/pairs-model.ts";
import { testApp, testStoreId } from "../fixtures/store-host.ts";

const store = testStoreId("main");
const app = testApp(1);
const json = { "content-type": "application/json" };

describe("A client in direct mode", () => {
  let [server, s3]: OddService[] = [];
  beforeEach(async () => {
    [server, s3] = await Promise.all([startOddService(), startOddService()]);
  });
  afterEach(async () => {
    await Promise.all([server?.close(), s3?.close()]);
  });

  const grant = (changes: Partial<DirectGrant> = {}): DirectGrant => ({
    accessKeyId: "KEY",
    secretAccessKey: "SECRET",
    sessionToken: "SESSION",
    expiresAt: Date.now() + 3_600_000,
    address: `s3://notes/team?endpoint=${s3?.endpoint}`,
    ...changes,
  });
  const gives = (changes: Partial<DirectGrant> = {}) => ({
    status: 200,
    headers: json,
    body: JSON.stringify(grant(changes)),
  });
  const says = (status: number, kind: string) => ({
    status,
    headers: json,
    body: JSON.stringify({ error: { kind, what: "It says no", fix: "Do something" } }),
  });
  const remote = (options: Partial<DirectRemoteOptions> = {}) =>
    directRemote(server?.endpoint ?? "", {
      openBucket: createS3FetchBucket,
      token: () => "TOKEN",
      ...options,
    });
  const open = () => remote().open(store, async () => app);

  it("asks for credentials of its own app id once its local data is in, and not before.", async () => {
    server?.answer(gives());
    s3?.answer(s3Says(403, "AccessDenied"));
    let letIn = () => {};
    const gate = new Promise<void>((resolve) => {
      letIn = resolve;
    });
    const inner = memoryLocal();
    const local = { name: "slow", open: async (id: typeof store) => gate.then(() => inner.open(id)) };
    const opened = openStore({ model: pairsModel, storeId: store, remote: remote(), local });
    opened.do.put({ key: "a", value: 1 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server?.asked).toEqual([]);
    letIn();
    await expect(opened.sync.now()).rejects.toThrow(/Store "main" is not there/);
    const [first] = server?.asked ?? [];
    expect(first).toMatchObject({ method: "POST", path: "/v1/stores/main/credentials" });
    expect(first?.headers.authorization).toBe("Bearer TOKEN");
    expect(JSON.parse(first?.body ?? "")).toEqual({ app: opened.app });
    expect(opened.sync.status).toMatchObject({ phase: "unauthorized", pending: 1 });
    await opened.close();
  });

  it("knows its app id behind hints of another channel, too.", async () => {
    server?.answer(gives());
    s3?.answer(s3Says(404, "NoSuchKey"));
    const opened = withHints(remote(), () => undefined).open(store, async () => app);
    expect((await opened.get(headKey(store))).is).toBe("absent");
    expect(JSON.parse(server?.asked[0]?.body ?? "")).toEqual({ app });
  });

  it("sends the bucket no token of the server's, and the server nothing of the bucket's.", async () => {
    server?.answer(gives());
    s3?.answer(s3Says(404, "NoSuchKey"));
    await open().get(headKey(store));
    expect(JSON.stringify(s3?.asked)).not.toContain("TOKEN");
    expect(s3?.asked[0]).toMatchObject({
      method: "GET",
      path: expect.stringMatching(/^\/notes\/team\/heads\/main\.json\?/),
    });
    expect(s3?.asked[0]?.headers["x-amz-security-token"]).toBe("SESSION");
  });

  it.each([
    [says(404, "absent"), "rejected", /gives out no credentials for its bucket.*httpRemote/],
    [says(401, "unauthorized"), "unauthorized", /It says no/],
    [says(403, "unauthorized"), "unauthorized", /It says no/],
    [says(429, "unavailable"), "unavailable", /It says no/],
    [says(503, "unavailable"), "unavailable", /It says no/],
    [{ status: 200, headers: json, body: '{"secretAccessKey":"SECRET"}' }, "unavailable", /accessKeyId/],
    [
      { status: 200, headers: { "content-type": "text/html" }, body: "<p>Sign in" },
      "unavailable",
      /not icecore's/,
    ],
  ])("takes the server's answer %j for %s, and asks again the next time.", async (answer, kind, text) => {
    server?.answer(answer, gives());
    s3?.answer(s3Says(404, "NoSuchKey"));
    const opened = open();
    const error = await opened.get(headKey(store)).catch((thrown) => thrown);
    expect(error).toMatchObject({ name: "StoreError", kind });
    expect(error.message).toMatch(text);
    expect(error.message).not.toContain("SECRET");
    expect((await opened.get(headKey(store))).is).toBe("absent");
  });

  it("takes a raw update that is forbidden for one that is gone, as S3 tells only who may list the bucket; nothing else.", async () => {
    server?.answer(gives());
    s3?.answer(s3Says(403, "AccessDenied"));
    const opened = open();
    const update = updateKey({ store, app, timestamp: toTimestamp(Date.now()) });
    expect(await opened.get(update)).toMatchObject({ is: "absent" });
    const elsewhere = updateKey({ store: testStoreId("other"), app, timestamp: zeroTimestamp });
    for (const key of [elsewhere, "segments/main/x.json", headKey(testStoreId("other"))])
      await expect(opened.get(key)).rejects.toMatchObject({ kind: "unauthorized" });
    await expect(opened.get(headKey(store))).rejects.toThrow(/is not there, or the server's credentials/);
    s3?.answer(s3Says(403, "InvalidAccessKeyId"));
    await expect(opened.get(update)).rejects.toMatchObject({ kind: "unauthorized" });
  });

  it("goes where the bucket is, when the server says that it is elsewhere now.", async () => {
    const ended = { expiresAt: Date.now() - 1 };
    const elsewhere = { address: `s3://moved?endpoint=${s3?.endpoint}` };
    server?.answer(gives(ended), gives(elsewhere));
    s3?.answer(s3Says(404, "NoSuchKey"));
    const opened = open();
    expect((await opened.get(headKey(store))).is).toBe("absent");
    await expect(opened.get(headKey(store))).rejects.toMatchObject({
      kind: "unavailable",
      what: expect.stringContaining("s3://moved"),
    });
    expect((await opened.get(headKey(store))).is).toBe("absent");
    const paths = s3?.asked.map(({ path }) => path.replace(/\?.*/, ""));
    expect(paths).toEqual(["/notes/team/heads/main.json", "/moved/heads/main.json"]);
  });

  it("opens no bucket that is not encrypted, whatever the server says.", async () => {
    server?.answer(gives({ address: "s3://notes?endpoint=http://s3.example.org" }));
    await expect(open().get(headKey(store))).rejects.toThrow(/not encrypted/);
  });

  it("takes no server's address that is not safe.", () => {
    expect(() => directRemote("http://notes.example.org", { openBucket: createS3FetchBucket })).toThrow(
      /plain text/,
    );
  });
});
