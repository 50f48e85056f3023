/** Paths of HTTP events with and without a stage before them; malformed events are tried in test/lambdas, by the bundle. */
import { expect, test } from "vitest";
import { parseHttpEvent } from "../../../lambdas/http-event.ts";
import { httpEvent, sampleHttpEvent, sampleUrlEvent } from "../../lambdas/sample-events.ts";

test("AWS's documented samples are taken as they are.", () => {
  for (const sample of [sampleHttpEvent, sampleUrlEvent])
    expect(parseHttpEvent(sample)).toEqual({ ok: true, event: sample });
});

test.each([
  ["$default", "/v1/stores/family/head", "/v1/stores/family/head"],
  ["test", "/test/v1/stores/family/head", "/v1/stores/family/head"],
  ["test", "/test/healthz", "/healthz"],
  ["test", "/v1/stores/family/head", "/v1/stores/family/head"],
  ["test", "/testing/v1/time", "/testing/v1/time"],
  ["test", "/test/other", "/test/other"],
  ["v1", "/v1/v1/time", "/v1/time"],
  ["v1", "/v1/stores/family/head", "/v1/stores/family/head"],
  ["v1", "/v1/time", "/v1/time"],
])("In stage %s the path %s is %s.", (stage, rawPath, path) => {
  const event = httpEvent({ path: rawPath });
  const parsed = parseHttpEvent({ ...event, requestContext: { ...event.requestContext, stage } });
  expect(parsed.ok && parsed.event.rawPath).toBe(path);
});

test.each([
  ["", true],
  ["QQ==", true],
  ["QQ", true],
  ["QUI=", true],
  ["QUI", true],
  ["QUJD", true],
  ["Q", false],
  ["Q===", false],
  ["QUI==", false],
  ["QUJD=", false],
  ["QUJD====", false],
  ["Q=Q=", false],
  ["QU-_", false],
  ["QU\nI", false],
])("The body %j is base64: %s.", (body, good) => {
  expect(parseHttpEvent(httpEvent({ method: "POST", path: "/v1/time", body, base64: true })).ok).toBe(good);
});

test("The longest body that a Lambda is handed is looked at without running out of stack.", () => {
  const body = "QUJD".repeat(2_500_000);
  for (const [text, good] of [
    [body, true],
    [`${body}!`, false],
    [`${"=".repeat(10_000_000)}A`, false],
  ] as const)
    expect(parseHttpEvent(httpEvent({ method: "POST", path: "/v1/time", body: text, base64: true })).ok).toBe(
      good,
    );
});

test("What no request can be made with is refused here, and a body that nobody reads is left out.", () => {
  for (const method of ["TRACE", "CONNECT", "TRACK"])
    expect(parseHttpEvent(httpEvent({ method, path: "/v1/time" }))).toMatchObject({ ok: false });
  expect(parseHttpEvent({ ...httpEvent({ path: "/v1/time" }), cookies: ["a=\u2713"] }).ok).toBe(false);
  expect(parseHttpEvent({ ...httpEvent({ path: "/v1/time" }), cookies: ["a=\u00e9"] }).ok).toBe(true);
  const bodyOf = (method: string) => {
    const parsed = parseHttpEvent(httpEvent({ method, path: "/v1/time", body: "{}" }));
    return parsed.ok && parsed.event.body;
  };
  expect(["GET", "HEAD", "POST"].map(bodyOf)).toEqual([undefined, undefined, "{}"]);
});
