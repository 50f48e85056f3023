import { describe, expect, it } from "vitest";
import {
  type DirectGrant,
  encodeDirectGrant,
  encodeDirectRequest,
  encodeReadPass,
  parseDirectGrant,
  parseDirectRequest,
  parseReadPass,
} from "../../../shared/wire/http-access.ts";
import { httpRoutes, storePath } from "../../../shared/wire/http-routes.ts";
import { testApp, testStoreId } from "../../fixtures/store-host.ts";

const throughText = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const grant: DirectGrant = {
  accessKeyId: "AKIA1",
  secretAccessKey: "hush-4711",
  sessionToken: "hush-4712",
  expiresAt: 1_795_000_000_000,
  address: "s3://bucket/root?region=eu-central-1",
};
const pass = { pass: "hush-4713", expiresAt: 1_795_000_000_000 };
const request = { app: testApp(1) };

describe("A read pass, a request for credentials, and credentials", () => {
  it("come back as they were", () => {
    expect(parseReadPass(throughText(encodeReadPass(pass)))).toEqual({ ok: true, value: pass });
    expect(parseDirectRequest(throughText(encodeDirectRequest(request)))).toEqual({
      ok: true,
      value: request,
    });
    expect(parseDirectGrant(throughText(encodeDirectGrant(grant)))).toEqual({ ok: true, value: grant });
  });

  it("leave out what they do not know", () => {
    const more = { more: 1 };
    expect(encodeDirectGrant({ ...grant, ...more })).toEqual(grant);
    expect(parseDirectGrant({ ...grant, ...more })).toEqual({ ok: true, value: grant });
    expect(parseReadPass({ ...pass, ...more })).toEqual({ ok: true, value: pass });
  });

  it("are refused where any member is missing or of another kind, and no secret is repeated", () => {
    const wrong = [undefined, null, "", 0, -1, 1.5, {}, ["hush-4711"], { hush: "hush-4711" }];
    for (const [body, parse] of [
      [pass, parseReadPass],
      [request, parseDirectRequest],
      [grant, parseDirectGrant],
    ] as const) {
      for (const value of [...wrong, "hush-4711"]) expect(parse(value).ok).toBe(false);
      for (const member of Object.keys(body))
        for (const value of wrong) {
          if (member === "expiresAt" && value === 0) continue;
          const parsed = parse({ ...body, [member]: value });
          expect([member, value, parsed.ok]).toEqual([member, value, false]);
          if (!parsed.ok) expect(parsed.reason).not.toContain("hush");
        }
    }
  });

  it("have their addresses below their store", () => {
    const store = testStoreId("main");
    for (const what of ["pass", "credentials"] as const)
      expect(httpRoutes[what].replace(":store", "main")).toBe(storePath(store, what));
  });
});
