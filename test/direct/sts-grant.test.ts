/** Settings that cannot work are refused at the start; what STS refuses is this service's trouble, told without anything secret. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createStsGrant } from "../../lambdas/sts-grant.ts";
import { type OddService, startOddService } from "../fixtures/odd-service.ts";
import { testApp, testStoreId } from "../fixtures/store-host.ts";

const roleArn = "arn:aws:iam::111122223333:role/icecore-direct";
const address = "s3://notes/team?region=eu-central-1";
const asked = { store: testStoreId("family"), app: testApp(1) };

describe("What gives out direct mode's credentials", () => {
  it.each<readonly [string, Partial<Parameters<typeof createStsGrant>[0]>, RegExp]>([
    ["no role", { roleArn: "icecore-direct" }, /no role's ARN/],
    ["a user's ARN", { roleArn: "arn:aws:iam::111122223333:user/anna" }, /no role's ARN/],
    ["a minute", { seconds: 60 }, /cannot hold 60 seconds.*900 to 3600/],
    ["two hours, which a Lambda's own session cannot give", { seconds: 7_200 }, /cannot hold 7200 seconds/],
    ["half a second", { seconds: 900.5 }, /cannot hold/],
    ["an address without its region", { address: "s3://notes" }, /names no region/],
    ["an address that is none", { address: "https://notes" }, /no s3:\/\/ address/],
  ])("refuses %s.", (_, changes, what) => {
    expect(() => createStsGrant({ roleArn, seconds: 3_600, address, ...changes })).toThrow(what);
  });

  it("refuses names that are too long for a session's policy before it asks anybody.", async () => {
    const long = `s3://${"b".repeat(63)}/${"r".repeat(90)}/${"r".repeat(90)}?region=eu-central-1`;
    const direct = createStsGrant({ roleArn, seconds: 3_600, address: long });
    await expect(direct.grant(asked)).rejects.toMatchObject({ kind: "limit", store: "family" });
  });

  describe("at an STS that refuses", () => {
    let service: OddService;
    beforeAll(async () => {
      service = await startOddService();
    });
    afterAll(() => service.close());

    const grant = () =>
      createStsGrant({
        roleArn,
        seconds: 900,
        address: `s3://notes?endpoint=${service.endpoint}`,
      }).grant(asked);
    const refusal = (code: string, status = 403) => ({
      status,
      headers: { "content-type": "text/xml" },
      body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>not for SECRET</Message></Error></ErrorResponse>`,
    });

    it.each([
      ["AccessDenied", "unavailable", /trust policy/],
      ["PackedPolicyTooLarge", "limit", /shorter bucket name/],
      ["MalformedPolicyDocument", "unavailable", /Report this/],
      ["RegionDisabledException", "unavailable", /Activate STS/],
      ["Throttling", "unavailable", /asked for again later/],
    ])("%s is %s, and never the user's fault.", async (code, kind, fix) => {
      service.answer(refusal(code));
      const error = await grant().catch((thrown) => thrown);
      expect(error).toMatchObject({ name: "StoreError", kind });
      expect(error.fix).toMatch(fix);
      expect(`${error.stack}${error.cause?.stack}`).not.toContain("SECRET");
    });

    it("An answer without credentials is none.", async () => {
      service.answer({ status: 200, headers: { "content-type": "text/xml" }, body: "<AssumeRoleResponse/>" });
      await expect(grant()).rejects.toThrow(/IncompleteAnswer/);
    });

    it("asks for a session of the app's name, with its policy, for the time that was set.", async () => {
      service.answer(refusal("AccessDenied"));
      await grant().catch(() => undefined);
      const sent = new URLSearchParams(service.asked.at(-1)?.body);
      expect(Object.fromEntries(sent)).toMatchObject({
        Action: "AssumeRole",
        RoleArn: roleArn,
        RoleSessionName: `icecore-${testApp(1)}`,
        DurationSeconds: "900",
      });
      const [put] = JSON.parse(sent.get("Policy") ?? "").Statement;
      expect(put.Resource).toBe(`arn:aws:s3:::notes/updates/family/*-${testApp(1)}.json`);
      expect(put.Condition.Null["s3:if-none-match"]).toBe("false");
    });
  });
});
