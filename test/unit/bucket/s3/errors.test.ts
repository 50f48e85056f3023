import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { s3Error } from "../../../../bucket/s3/errors.ts";
import { faultOf, UnsentError } from "../../../../bucket/s3/fault.ts";
import { parseS3Location } from "../../../../bucket/s3-common/location.ts";
import type { StoreError } from "../../../../shared/errors.ts";

const location = parseS3Location("s3://notes/team?endpoint=https://s3.example.org");
const told = (error: unknown): StoreError =>
  s3Error(faultOf(error), { location, doing: "read", key: "a.json" }, error);
const answered = (status: number, Code?: string, more: object = {}): StoreError =>
  told(
    Object.assign(new Error("geheim"), {
      name: Code ?? "Unknown",
      ...(Code === undefined ? {} : { Code }),
      $metadata: { httpStatusCode: status, requestId: "tx0-1" },
      ...more,
    }),
  );
const coded = (code: string): StoreError => told(Object.assign(new Error("text"), { code }));
const unsent = (name: string, message = "geheim"): StoreError =>
  told(new UnsentError(Object.assign(new Error(message), { name })));

describe("s3Error", () => {
  it("says what could not be done, to what, where, why, and what to do", () => {
    const error = answered(404, "NoSuchBucket");
    expect(error.message).toBe(
      "Could not read a.json in s3://notes/team?endpoint=https://s3.example.org: there is no such bucket " +
        "(HTTP 404 NoSuchBucket). Check its name and region, or make it first.",
    );
    expect(error).toMatchObject({ kind: "rejected", key: "a.json" });
  });

  it.each([
    ["unavailable", /busy.*try again later/, answered(503, "SlowDown")],
    ["unavailable", /busy/, answered(429)],
    ["unavailable", /busy/, coded("ECONNRESET")],
    ["unavailable", /busy/, told(null)],
    ["unavailable", /nothing listens/, coded("ECONNREFUSED")],
    ["unavailable", /no machine has that name/, coded("ENOTFOUND")],
    ["unavailable", /certificate is not trusted/, coded("UNABLE_TO_VERIFY_LEAF_SIGNATURE")],
    ["unavailable", /no encrypted connection/, coded("ERR_SSL_WRONG_VERSION_NUMBER")],
    ["unavailable", /checksum/, told(new Error("Checksum mismatch: expected"))],
    ["unavailable", /clock is too far.*NTP/, answered(403, "RequestTimeTooSkewed")],
    ["unavailable", /archive.*lifecycle/, answered(403, "InvalidObjectState")],
    ["unavailable", /just now.*not sent ENOTFOUND/, unsent("Error", "getaddrinfo ENOTFOUND sts")],
    ["unauthorized", /these credentials may not.*s3:ListBucket/, answered(403, "AccessDenied")],
    ["unauthorized", /these credentials may not/, answered(403)],
    ["unauthorized", /these credentials may not/, answered(401)],
    ["unauthorized", /expired.*sign in again/, answered(400, "ExpiredToken")],
    ["unauthorized", /secret key is wrong/, answered(403, "SignatureDoesNotMatch")],
    ["unauthorized", /no credentials were found.*AWS_PROFILE/, unsent("CredentialsProviderError")],
    ["unauthorized", /aws sso login/, unsent("CredentialsProviderError", "run aws sso login with")],
    ["unauthorized", /could not be had/, unsent("TokenProviderError")],
    ["unauthorized", /line break/, coded("ERR_INVALID_CHAR")],
    ["rejected", /no region is set.*region=NAME/, unsent("Error", "Region is missing")],
    ["rejected", /could not be made.*config/, unsent("URIError")],
    ["rejected", /the service refused it \(HTTP 400 Weird\)/, answered(400, "Weird")],
    ["rejected", /key is too long/, answered(400, "KeyTooLongError")],
    ["limit", /too large/, answered(413)],
    ["limit", /full/, answered(507, "XMinioStorageFull")],
    ["limit", /quota/, answered(403, "QuotaExceeded")],
    ["incompatible", /no conditional writes/, answered(501)],
    ["incompatible", /does not speak S3/, answered(404)],
    ["incompatible", /does not speak S3/, answered(405)],
    ["incompatible", /does not speak S3/, answered(302)],
    ["incompatible", /does not speak S3/, answered(301)],
    ["incompatible", /does not speak S3/, answered(200)],
    ["incompatible", /does not speak S3/, coded("HPE_INVALID_CONSTANT")],
  ] as const)("is %s and says %s", (kind, text, error) => {
    expect(error.kind).toBe(kind);
    expect(error.message).toMatch(text);
  });

  it.each([
    answered(301, "PermanentRedirect", { $response: { headers: { "x-amz-bucket-region": "eu-west-3" } } }),
    answered(301, undefined, { $response: { headers: { "x-amz-bucket-region": "eu-west-3" } } }),
    answered(400, "AuthorizationHeaderMalformed", { Region: "eu-west-3" }),
  ])("names the region that the service names", (error) => {
    expect(error.message).toMatch(/another region.*AWS_REGION\. The service says: eu-west-3\.$/);
  });

  it("repeats no text, token or signed request of an answer, not even to who logs its cause", () => {
    const more = {
      "Token-0": "geheim",
      CanonicalRequest: "x-amz-security-token:geheim",
      body: { h1: "geheim" },
    };
    for (const error of [
      answered(400, "ExpiredToken", more),
      answered(403, undefined, more),
      unsent("ProviderError"),
    ])
      expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/geheim/);
  });

  it("keeps for the cause what the service's support asks for, and Node's own words where nobody answered", () => {
    expect(answered(400, "ExpiredToken").cause).toMatchObject({
      message: "HTTP 400 ExpiredToken, request tx0-1",
    });
    const parse = Object.assign(new Error("Parse Error: x"), { code: "HPE_X", rawPacket: "geheim" });
    expect(told(parse).cause).toMatchObject({ message: "Parse Error: x", code: "HPE_X", stack: parse.stack });
    expect(inspect(told(parse), { depth: 10, showHidden: true })).not.toMatch(/geheim/);
  });
});
