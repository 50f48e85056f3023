import { describe, expect, it } from "vitest";
import { dateOf, faultOf, UnsentError } from "../../../../bucket/s3/fault.ts";
import {
  type Fault,
  faultText,
  isAbsent,
  isPassing,
  isSilent,
  mayHaveHappened,
} from "../../../../bucket/s3-common/fault.ts";

/** As the SDK throws what the service answered. */
const answered = (status: number, Code?: string, more: object = {}): Error =>
  Object.assign(new Error("text"), {
    name: Code ?? (status === 404 ? "NotFound" : "Unknown"),
    ...(Code === undefined ? {} : { Code }),
    $metadata: { httpStatusCode: status },
    ...more,
  });
const coded = (code: string, message = ""): Error => Object.assign(new Error(message), { code });
const named = (name: string, message = ""): Error => Object.assign(new Error(message), { name });
const ofAnswer = (status: number, Code?: string): Fault => faultOf(answered(status, Code));

describe("faultOf", () => {
  it("reads status, code, clock, region and number out of an answer", () => {
    const error = answered(301, "PermanentRedirect", {
      $metadata: { httpStatusCode: 301, requestId: "tx0-1" },
      $response: {
        headers: { date: "Sat, 01 Aug 2026 00:00:00 GMT", "x-amz-bucket-region": "eu-central-1" },
      },
    });
    expect(faultOf(error)).toEqual({
      sent: true,
      status: 301,
      code: "PermanentRedirect",
      date: Date.UTC(2026, 7, 1),
      region: "eu-central-1",
      requestId: "tx0-1",
    });
  });

  it("reads the region out of a body that names it", () => {
    expect(faultOf(answered(400, "AuthorizationHeaderMalformed", { Region: "eu-west-3" })).region).toBe(
      "eu-west-3",
    );
    expect(faultOf(answered(400, "AuthorizationHeaderMalformed", { Region: "<b>x" })).region).toBe(null);
  });

  it("takes a status for an answer also where its body could not be read", () => {
    const error = Object.assign(new Error("XML parse error"), { $metadata: { httpStatusCode: 502 } });
    expect(faultOf(error)).toMatchObject({ sent: true, status: 502, code: "" });
  });

  it.each([
    ["the name of what timed out", named("TimeoutError"), "TimeoutError"],
    ["the code of a socket", coded("ECONNRESET"), "ECONNRESET"],
    ["the code below it", Object.assign(new Error("x"), { cause: coded("EPIPE") }), "EPIPE"],
    [
      "the code of an address that was tried",
      new AggregateError([coded("ECONNREFUSED"), coded("ENETUNREACH")]),
      "ECONNREFUSED",
    ],
    ["no name that means nothing", named("Unknown"), ""],
    ["nothing of a text", "ECONNRESET", ""],
    ["nothing of null", null, ""],
    [
      "a checksum that is wrong",
      new Error('Checksum mismatch: expected "a" but received "b"'),
      "ChecksumMismatch",
    ],
    ["a server that speaks no TLS", coded("EPROTO", "ssl3_get_record:wrong version number"), "NoHandshake"],
    ["the same in the words of a newer Node", coded("ERR_SSL_WRONG_VERSION_NUMBER"), "NoHandshake"],
    ["TLS that broke in the middle", coded("EPROTO", "decryption failed or bad record mac"), "EPROTO"],
  ])("finds %s", (_, error, code) => {
    expect(faultOf(error)).toMatchObject({ sent: true, status: null, code });
  });

  it("takes no code from a 404 without S3's words, which the SDK calls NotFound", () => {
    expect(ofAnswer(404)).toMatchObject({ status: 404, code: "" });
  });

  it("lets only letters, digits and a few signs of a code through, and few of them", () => {
    expect(ofAnswer(400, "\u001b[31mBad Code\n<script>").code).toBe("31mBadCodescript");
    expect(ofAnswer(400, "x".repeat(500)).code).toHaveLength(60);
  });

  it.each([
    [
      "no credentials",
      named("CredentialsProviderError", "Could not load credentials"),
      "CredentialsProviderError",
    ],
    ["no region", new Error("Region is missing"), "NoRegion"],
    [
      "a sign-in that has run out",
      named("CredentialsProviderError", "run aws sso login with"),
      "SsoSessionExpired",
    ],
    [
      "a network that is away",
      named("CredentialsProviderError", "Error: getaddrinfo ENOTFOUND portal"),
      "ENOTFOUND",
    ],
    ["a machine that is slow", named("ProviderError", "TimeoutError from instance metadata"), "TimeoutError"],
    ["a sign-in service that is busy", answered(503, "Weird"), "ServiceUnavailable"],
    ["a sign-in service that refuses", answered(403, "AccessDenied"), "AccessDenied"],
  ])("says of %s that nothing was sent, and takes no status for the bucket's", (_, cause, code) => {
    expect(faultOf(new UnsentError(cause))).toEqual({
      sent: false,
      status: null,
      code,
      date: null,
      region: null,
      requestId: "",
    });
  });
});

describe("A write", () => {
  it.each([
    ...[200, 204, 206, 408, 409, 425, 429, 500, 502, 503, 504, 520, 599].map((status) => ofAnswer(status)),
    ofAnswer(400, "RequestTimeout"),
    ofAnswer(400, "IncompleteBody"),
    ofAnswer(400, "BadDigest"),
    ofAnswer(403, "RequestTimeTooSkewed"),
    ofAnswer(400, "KMS.ThrottlingException"),
    ofAnswer(409, "ConditionalRequestConflict"),
    faultOf(coded("ECONNRESET")),
    faultOf(coded("ECONNREFUSED")),
    faultOf(named("TimeoutError")),
    faultOf(coded("HPE_INVALID_CONSTANT")),
    faultOf(coded("EPROTO", "bad record mac")),
    faultOf(coded("ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC")),
    faultOf(coded("ERR_STREAM_PREMATURE_CLOSE")),
    faultOf(new TypeError("a bug after the answer")),
    faultOf(undefined),
  ])("may have happened after %j", (fault) => {
    expect(mayHaveHappened(fault)).toBe(true);
  });

  it.each([
    ofAnswer(301, "PermanentRedirect"),
    ofAnswer(307, "TemporaryRedirect"),
    ofAnswer(400, "ExpiredToken"),
    ofAnswer(400, "InvalidRequest"),
    ofAnswer(403, "AccessDenied"),
    ofAnswer(403, "SignatureDoesNotMatch"),
    ofAnswer(404, "NoSuchBucket"),
    ofAnswer(404),
    ofAnswer(405),
    ofAnswer(413),
    ofAnswer(501, "NotImplemented"),
    ofAnswer(507, "XMinioStorageFull"),
    faultOf(coded("DEPTH_ZERO_SELF_SIGNED_CERT")),
    faultOf(coded("UNABLE_TO_VERIFY_LEAF_SIGNATURE")),
    faultOf(coded("CERT_HAS_EXPIRED")),
    faultOf(coded("ERR_TLS_CERT_ALTNAME_INVALID")),
    faultOf(coded("EPROTO", "wrong version number")),
    faultOf(coded("ERR_INVALID_CHAR")),
    faultOf(new UnsentError(named("CredentialsProviderError"))),
    faultOf(new UnsentError(answered(503))),
    faultOf(new UnsentError(coded("ECONNRESET"))),
  ])("certainly did not happen after %j", (fault) => {
    expect(mayHaveHappened(fault)).toBe(false);
  });
});

describe("Another try", () => {
  it.each([
    ofAnswer(503, "SlowDown"),
    ofAnswer(200),
    faultOf(coded("ECONNREFUSED")),
    faultOf(coded("ENOTFOUND")),
    faultOf(new Error("Checksum mismatch: expected")),
    faultOf(new Error("Connection lost or stream closed before all data was received.")),
    faultOf(new UnsentError(answered(503))),
    faultOf(new UnsentError(coded("EAI_AGAIN"))),
    faultOf(new UnsentError(answered(400, "ThrottlingException"))),
  ])("may help after %j", (fault) => {
    expect(isPassing(fault)).toBe(true);
  });

  it.each([
    ofAnswer(403, "AccessDenied"),
    ofAnswer(404, "NoSuchKey"),
    ofAnswer(501),
    faultOf(coded("CERT_HAS_EXPIRED")),
    faultOf(new RangeError("Array buffer allocation failed")),
    faultOf(new UnsentError(named("CredentialsProviderError"))),
    faultOf(new UnsentError(answered(403, "AccessDenied"))),
    faultOf(new UnsentError(new Error("Region is missing"))),
  ])("does not help after %j", (fault) => {
    expect(isPassing(fault)).toBe(false);
  });
});

describe("A fault", () => {
  it("is an absent object only in S3's own words", () => {
    expect(isAbsent(ofAnswer(404, "NoSuchKey"))).toBe(true);
    expect([ofAnswer(404), ofAnswer(404, "NoSuchBucket"), ofAnswer(403, "NoSuchKey")].some(isAbsent)).toBe(
      false,
    );
    expect(isAbsent(faultOf(new UnsentError(answered(404, "NoSuchKey"))))).toBe(false);
  });

  it("is silent without any answer", () => {
    expect(isSilent(faultOf(coded("ECONNREFUSED")))).toBe(true);
    expect(isSilent(ofAnswer(500))).toBe(false);
  });

  it("is told by status and code, never by a text", () => {
    expect(faultText(ofAnswer(503, "SlowDown"))).toBe("HTTP 503 SlowDown");
    expect(faultText(ofAnswer(502))).toBe("HTTP 502");
    expect(faultText(faultOf(coded("ECONNRESET", "secret")))).toBe("no answer ECONNRESET");
    expect(faultText(faultOf(new UnsentError(new Error("Region is missing"))))).toBe("not sent NoRegion");
  });

  it("has no clock where the date is missing or no date", () => {
    expect(dateOf({})).toBe(null);
    expect(dateOf({ date: "soon" })).toBe(null);
    expect(dateOf({ date: ["Sat, 01 Aug 2026 00:00:00 GMT"] })).toBe(null);
  });
});
