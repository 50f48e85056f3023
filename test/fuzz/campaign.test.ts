/** A few seeds of `npm run fuzz:api`, and servers with a fault each, which it has to find and to bring back. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AppOptions } from "../../server/app.ts";
import { openApiDocument } from "../../server/openapi.ts";
import { type Failure, newTally, runSeed } from "./campaign.ts";
import { checkAnswer } from "./check.ts";

const bunches = 150;

describe("Requests made from the OpenAPI document", () => {
  it.each([1, 2])("are answered as it says (seed %i).", async (seed) => {
    const tally = newTally();
    expect(await runSeed({ seed, bunches, tally })).toBeNull();
    expect([tally.fives, tally.outside]).toEqual([0, 0]);
    expect(tally.requests).toBeGreaterThan(bunches);
  });

  const broken: readonly (readonly [string, Partial<AppOptions>, RegExp])[] = [
    ["fails", { authorize: () => Promise.reject(new Error("no database")) }, /^5xx: 500 /],
    ["has no model", { models: () => null }, /^5xx: 503 .*no model/],
    [
      "gives out what is no pass",
      { readPass: { newPass: async () => ({ pass: 7 as never, expiresAt: 1 }) } },
      /^outside: .*pass/,
    ],
  ];

  it.each(broken)("find a server that %s, and find it again by their seed.", async (_, server, told) => {
    const seen: (Failure | null)[] = [];
    const tally = newTally();
    for (let i = 0; i < 2; i++) seen.push(await runSeed({ seed: 3, bunches: 400, tally, server }));
    const [first, again] = seen;
    expect(first?.what).toMatch(told);
    expect(first?.requests).toHaveLength(1);
    const paths = (failure: Failure | null | undefined) =>
      failure?.requests.map(({ method, path }) => [method, path]);
    expect(paths(again)).toEqual(paths(first));
    expect(tally.fives + tally.outside).toBeGreaterThanOrEqual(2);
  });

  it("make the run fail for each way an answer may be none of the document's.", () => {
    const request = { method: "GET", path: "/v1/time", headers: {}, body: null };
    const date = "Tue, 24 Nov 2026 09:00:00 GMT";
    const good = {
      status: 200,
      contentType: "application/json",
      headers: { date },
      body: { now: "20261121T090503.209Z" },
    };
    const faultOf = (answer: object, asked: object = {}) =>
      checkAnswer(openApiDocument, { ...request, ...asked }, { ...good, ...answer }).fault?.is ?? null;
    expect(faultOf({})).toBeNull();
    fc.assert(fc.property(fc.integer({ min: 500, max: 599 }), (status) => faultOf({ status }) === "5xx"));
    const wrong: readonly (readonly [object, object?])[] = [
      [{ status: 201 }],
      [{ body: { now: "yesterday" } }],
      [{ body: { now: "20261121T090503.209Z", more: 1 } }],
      [{ body: "" }],
      [{ contentType: "text/html" }],
      [{ headers: {} }],
      [{}, { path: "/v1/nowhere" }],
      [{}, { method: "DELETE" }],
      [{ status: 404, body: "Not Found" }, { path: "/v1/nowhere" }],
      [{}, { method: "HEAD" }],
      [{ body: { now: "20261121T090503.209Z", at: " at /srv/app.ts:3" } }],
    ];
    for (const [answer, asked] of wrong)
      expect([answer, asked, faultOf(answer, asked)]).toEqual([answer, asked, "outside"]);
  });
});
