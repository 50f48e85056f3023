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
