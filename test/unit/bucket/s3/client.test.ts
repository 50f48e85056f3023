import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { s3AnswerMs, s3UploadBytesPerMs } from "../../../../bucket/limits.ts";
import {
  content,
  type Odd,
  type OddService,
  objectOf,
  s3Says,
  startOddService,
} from "../../../fixtures/odd-service.ts";

const stored: Odd = { status: 200, headers: { etag: '"e1"' } };

describe("The SDK's client", () => {
  let service: OddService;
  let folder: string;
  beforeAll(async () => {
    service = await startOddService();
    folder = await mkdtemp(join(tmpdir(), "icecore-sdk-"));
  });
  afterAll(async () => {
    await service.close();
    await rm(folder, { recursive: true });
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.useRealTimers();
  });

  it.each<[string, Odd]>([
    ["503", s3Says(503, "SlowDown")],
    ["500", { status: 500 }],
    ["429 with a time to come back", { status: 429, headers: { "retry-after": "0" } }],
    ["400 RequestTimeout", s3Says(400, "RequestTimeout")],
    ["an expired token", s3Says(400, "ExpiredToken")],
    [
      "a clock that is far off",
      { ...s3Says(403, "RequestTimeTooSkewed"), headers: { date: "Sat, 01 Aug 2020 00:00:00 GMT" } },
    ],
    [
      "a redirect that names the region",
      { ...s3Says(301, "PermanentRedirect"), headers: { "x-amz-bucket-region": "eu-west-3", location: "/" } },
    ],
    [
      "a 400 that names the region",
      { ...s3Says(400, "IllegalLocationConstraintException"), headers: { "x-amz-bucket-region": "x" } },
    ],
    ["a reset", (request) => void request.socket.resetAndDestroy()],
  ])(
    "sends a write once after %s, whatever the environment and the settings file ask for",
    async (_, odd) => {
      const settings = join(folder, "config");
      await writeFile(settings, "[default]\nmax_attempts = 7\nretry_mode = adaptive\n");
      for (const [name, value] of Object.entries({
        AWS_CONFIG_FILE: settings,
        AWS_MAX_ATTEMPTS: "7",
        AWS_RETRY_MODE: "adaptive",
        AWS_DEFAULTS_MODE: "standard",
      }))
        vi.stubEnv(name, value);
      service.answer(odd);
      // Unknown or thrown is asked elsewhere (write.test.ts).
      await service
        .bucket()
        .putIfAbsent("a", content)
        .catch(() => null);
      expect(service.asked).toHaveLength(1);
      expect(service.asked[0]?.headers["amz-sdk-request"]).toBe("attempt=1; max=1");
    },
  );

  it("sets its signing clock by the service's, so that a wrong local clock costs one try", async () => {
    const bucket = service.bucket();
    const there = Date.UTC(2020, 7, 1, 12);
    const skewed = {
      ...s3Says(403, "RequestTimeTooSkewed"),
      headers: { date: new Date(there).toUTCString() },
    };
    service.answer(skewed, stored);
    expect((await bucket.putIfAbsent("a", content)).is).toBe("unknown");
    expect((await bucket.putIfAbsent("a", content)).is).toBe("stored");
    expect(service.asked[0]?.headers["x-amz-date"]).not.toMatch(/^20200801T/);
    expect(service.asked[1]?.headers["x-amz-date"]).toMatch(/^20200801T1(?:1:?59|2)/);
  });

  it("keeps one connection through good answers, refusals and absences", async () => {
    const bucket = service.bucket();
    const before = service.made();
    service.answer(
      objectOf("body"),
      s3Says(404, "NoSuchKey"),
      { status: 304 },
      s3Says(412, "PreconditionFailed"),
      stored,
      s3Says(503, "SlowDown"),
      objectOf(new Uint8Array(500_000)),
      objectOf("body"),
    );
    for (const key of ["a", "b", "c"]) await bucket.get(key);
    for (const key of ["a", "b"]) await bucket.putIfAbsent(key, content);
    for (const key of ["a", "b"]) await bucket.get(key);
    expect([service.asked.length, service.made() - before]).toEqual([8, 1]);
  });

  it("opens no more connections than it needs for requests at the same time, and reuses them", async () => {
    const bucket = service.bucket();
    const before = service.made();
    service.answer(objectOf("body"));
    const round = () => Promise.all(Array.from({ length: 16 }, (_, i) => bucket.get(`${i}`)));
    await round();
    await round();
    expect(service.made() - before).toBeLessThanOrEqual(16);
  });

  it("lets go of the connection of an answer that it does not read to its end", async () => {
    const bucket = service.bucket();
    const large = new Uint8Array(20_000_000);
    const page = { status: 200, headers: { "content-type": "text/html" }, body: large };
    const openBefore = service.open();
    for (const odd of [objectOf(large), page]) {
      service.answer(odd);
      await bucket.get("a", { bytesMax: 1_000 }).catch(() => null);
      await vi.waitFor(() => expect(service.open()).toBeLessThanOrEqual(openBefore), 20_000);
    }
  });

  it("reaches a service on the loopback address of IPv6", async () => {
    const six = await startOddService({ host: "::1" });
    six.answer(objectOf("body"));
    expect((await six.bucket().get("a")).is).toBe("found");
    await six.close();
  });

  it("waits for an answer as long as its limit says, then calls the write unknown and ends its connection", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const silent = vi.fn();
    service.answer(silent);
    const openBefore = service.open();
    let answer: unknown = null;
    const writing = service
      .bucket()
      .putIfAbsent("a", content)
      .then((came) => {
        answer = came;
      });
    while (silent.mock.calls.length === 0) await turn();
    await vi.advanceTimersByTimeAsync(s3AnswerMs - 100);
    expect(answer).toBe(null);
    await vi.advanceTimersByTimeAsync(200);
    await writing;
    expect(answer).toMatchObject({ is: "unknown", why: "no answer ETIMEDOUT" });
    while (service.open() > openBefore) await turn();
    expect(service.asked).toHaveLength(1);
  });

  it("gives a large body the time to go out, before it waits for the answer", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const late = vi.fn();
    service.answer(late);
    const body = new Uint8Array(4_000_000);
    const writing = service.bucket().putIfAbsent("a", { ...content, body });
    while (late.mock.calls.length === 0) await turn();
    await vi.advanceTimersByTimeAsync(s3AnswerMs - 1_000);
    await turn();
    // Its time is not up yet, though that of a small one would soon be; the connection was not silent for long enough to be given up.
    late.mock.calls[0]?.[1].writeHead(200, { etag: '"e1"' }).end();
    expect((await writing).is).toBe("stored");
    expect(body.length / s3UploadBytesPerMs).toBeGreaterThan(s3AnswerMs);
  });

  it("says that there are no credentials, and sends nothing", async () => {
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) vi.stubEnv(name, "");
    service.answer(stored);
    const bucket = service.bucket();
    for (const call of [() => bucket.putIfAbsent("a", content), () => bucket.get("a"), () => bucket.list("")])
      await expect(call()).rejects.toMatchObject({
        kind: "unauthorized",
        message: expect.stringMatching(/no credentials were found/),
      });
    expect(service.asked).toEqual([]);
  });

  it("says of credentials with a line break that no header can hold them, and shows none", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", "geheim\n");
    const writing = service.bucket().putIfAbsent("a", content);
    await expect(writing).rejects.toMatchObject({ kind: "unauthorized" });
    await expect(writing).rejects.toThrow(/line break/);
    await expect(writing).rejects.not.toThrow(/geheim/);
  });

  it("says that no region is set where only the settings could name one", async () => {
    vi.stubEnv("AWS_REGION", "");
    vi.stubEnv("AWS_DEFAULT_REGION", "");
    const { createS3Bucket } = await import("../../../../bucket/s3/s3-bucket.ts");
    await expect(createS3Bucket("s3://notes").get("a")).rejects.toMatchObject({
      kind: "rejected",
      message: expect.stringMatching(/no region is set.*region=NAME/),
    });
  });

  describe("with a role that a sign-in service must be asked for", () => {
    const useRole = async (stsEndpoint: string): Promise<void> => {
      const token = join(folder, "token");
      await writeFile(token, "geheim");
      for (const [name, value] of Object.entries({
        AWS_ACCESS_KEY_ID: "",
        AWS_SECRET_ACCESS_KEY: "",
        AWS_ROLE_ARN: "arn:aws:iam::1:role/x",
        AWS_WEB_IDENTITY_TOKEN_FILE: token,
        AWS_ENDPOINT_URL_STS: stsEndpoint,
      }))
        vi.stubEnv(name, value);
    };

    it("takes its outage for one that passes: a write is unknown, a read unavailable, and nothing was sent", async () => {
      const closed = createServer();
      await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
      const address = closed.address();
      await new Promise((resolve) => closed.close(resolve));
      await useRole(`http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`);
      service.answer(stored);
      const bucket = service.bucket();
      expect(await bucket.putIfAbsent("a", content)).toMatchObject({
        is: "unknown",
        why: "not sent ECONNREFUSED",
      });
      await expect(bucket.get("a")).rejects.toMatchObject({
        kind: "unavailable",
        message: expect.stringMatching(/just now \(not sent ECONNREFUSED\)/),
      });
      expect(service.asked).toEqual([]);
    });

    it("does not take its answers for the bucket's, neither a 412 nor an absence nor a refusal", async () => {
      const signIn = await startOddService();
      await useRole(signIn.endpoint);
      service.answer(stored);
      const refusal = (status: number, code: string): Odd => ({
        status,
        body: `<ErrorResponse><Error><Code>${code}</Code><Message>geheim</Message></Error></ErrorResponse>`,
      });
      for (const odd of [
        refusal(403, "AccessDenied"),
        refusal(412, "PreconditionFailed"),
        refusal(404, "NoSuchKey"),
      ]) {
        signIn.answer(odd);
        const bucket = service.bucket();
        for (const call of [() => bucket.putIfMatch("a", content, '"e1"'), () => bucket.get("a")])
          await expect(call()).rejects.toMatchObject({
            kind: "unauthorized",
            message: expect.stringMatching(/credentials could not be had \(not sent/),
          });
      }
      expect(service.asked).toEqual([]);
      await signIn.close();
    });
  });
});
