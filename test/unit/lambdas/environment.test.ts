/** Environments of the Lambdas: what is taken, and that all that is wrong is told at once, without a value. */
import { expect, test } from "vitest";
import {
  parseApiEnvironment,
  parseCredentialsEnvironment,
  parseRollupEnvironment,
  parseSweepEnvironment,
} from "../../../lambdas/environment.ts";
import { StoreError } from "../../../shared/errors.ts";

const bucket = { ICECORE_BUCKET: "s3://notes/root?region=eu-central-1" };
const least = { ...bucket, ICECORE_AUDIENCE: "notes", ICECORE_JWKS_URL: "https://login.example.com/keys" };

function troubleOf(parse: () => unknown): StoreError {
  try {
    parse();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error("nothing was wrong");
}

test("The least environment of an API is closed by tokens, without passes, origins, rate or hints.", () => {
  expect(parseApiEnvironment(least, false)).toEqual({
    bucket: bucket.ICECORE_BUCKET,
    settings: {},
    tokens: { audience: "notes", issuer: null, keys: { jwksUrl: "https://login.example.com/keys" } },
    readPassSecretId: null,
    corsOrigins: [],
    rate: null,
    hints: null,
  });
});

test("All that an API knows is read, and empty variables count as none.", () => {
  const environment = {
    ...least,
    ICECORE_JWKS_URL: "",
    ICECORE_TOKEN_SECRET_ID: "tokens",
    ICECORE_ISSUER: "https://login.example.com",
    ICECORE_READ_PASS_SECRET_ID: "passes",
    ICECORE_CORS_ORIGINS: " https://a.example.org ,http://localhost:5173,",
    ICECORE_RATE_PER_SECOND: "0.5",
    ICECORE_RATE_BURST: "20",
    ICECORE_HINTS_URL: "https://hints.example.org",
    AWS_REGION: "eu-central-1",
    ICECORE_SETTINGS: '{"graceMs":0,"mergeLevelBytes":[1,2],"sharedMs":500}',
  };
  expect(parseApiEnvironment(environment, false)).toMatchObject({
    settings: { graceMs: 0, mergeLevelBytes: [1, 2], sharedMs: 500 },
    tokens: { issuer: "https://login.example.com", keys: { secretId: "tokens" } },
    readPassSecretId: "passes",
    corsOrigins: ["https://a.example.org", "http://localhost:5173"],
    rate: { perSecond: 0.5, burst: 20 },
    hints: { url: "https://hints.example.org", region: "eu-central-1" },
  });
});

test("An app that authenticates by itself needs no tokens of ours.", () => {
  expect(parseApiEnvironment(bucket, true).tokens).toBeNull();
});

test("A burst without a number is twice the rate, and at least one.", () => {
  expect(parseApiEnvironment({ ...least, ICECORE_RATE_PER_SECOND: "2.5" }, false).rate?.burst).toBe(5);
  expect(parseApiEnvironment({ ...least, ICECORE_RATE_PER_SECOND: "0.01" }, false).rate?.burst).toBe(1);
});

test("The sweep looks at fifty stores unless it is told otherwise, and the rollup needs the bucket alone.", () => {
  expect(parseSweepEnvironment(bucket)).toMatchObject({ stores: 50 });
  expect(parseSweepEnvironment({ ...bucket, ICECORE_SWEEP_STORES: "7" })).toMatchObject({ stores: 7 });
  expect(parseRollupEnvironment(bucket)).toEqual({ bucket: bucket.ICECORE_BUCKET, settings: {} });
});

test("Credentials are asked for with conditions that AWS knows, and services at endpoints may not.", () => {
  const direct = { ...least, ICECORE_DIRECT_ROLE_ARN: "arn:aws:iam::111122223333:role/direct" };
  expect(parseCredentialsEnvironment(direct, false)).toMatchObject({
    roleArn: direct.ICECORE_DIRECT_ROLE_ARN,
    seconds: 3_600,
    createOnly: true,
  });
  const elsewhere = { ...direct, ICECORE_BUCKET: "s3://notes?endpoint=http://127.0.0.1:9000" };
  expect(parseCredentialsEnvironment(elsewhere, false).createOnly).toBe(false);
});

test("An empty environment is told whole, with what to set.", () => {
  const { kind, what, fix } = troubleOf(() => parseCredentialsEnvironment({}, false));
  expect(kind).toBe("rejected");
  for (const name of [
    "ICECORE_BUCKET",
    "ICECORE_AUDIENCE",
    "ICECORE_JWKS_URL",
    "ICECORE_TOKEN_SECRET_ID",
    "ICECORE_DIRECT_ROLE_ARN",
  ]) {
    expect(what).toContain(name);
    expect(fix).toContain(name);
  }
});

test.each<[string, Readonly<Record<string, string>>, RegExp]>([
  ["two ways to sign tokens", { ICECORE_TOKEN_SECRET_ID: "tokens" }, /is one too many/],
  ["keys over plain HTTP", { ICECORE_JWKS_URL: "http://login.example.com" }, /ICECORE_JWKS_URL is no https/],
  ["credentials in an address", { ICECORE_JWKS_URL: "https://a:SECRET@b.example.com" }, /is no https/],
  ["a bucket that is none", { ICECORE_BUCKET: "folder:./SECRET" }, /ICECORE_BUCKET is no bucket's address/],
  ["a bucket with credentials", { ICECORE_BUCKET: "s3://AKIA:SECRET@notes" }, /must not hold credentials/],
  [
    "an origin with a path",
    { ICECORE_CORS_ORIGINS: "https://a.example/x" },
    /ICECORE_CORS_ORIGINS is no list/,
  ],
  ["too many origins", { ICECORE_CORS_ORIGINS: "https://a.example,".repeat(51) }, /at most 50/],
  ["a rate of nothing", { ICECORE_RATE_PER_SECOND: "0" }, /ICECORE_RATE_PER_SECOND is no number/],
  ["a negative rate", { ICECORE_RATE_PER_SECOND: "-1" }, /ICECORE_RATE_PER_SECOND is no number/],
  ["a burst alone", { ICECORE_RATE_BURST: "5" }, /ICECORE_RATE_PER_SECOND is missing beside/],
  [
    "a broken burst",
    { ICECORE_RATE_PER_SECOND: "1", ICECORE_RATE_BURST: "1.5" },
    /ICECORE_RATE_BURST is no whole/,
  ],
  ["settings that are no JSON", { ICECORE_SETTINGS: "{SECRET" }, /ICECORE_SETTINGS is no JSON object/],
  ["settings that are a list", { ICECORE_SETTINGS: "[]" }, /ICECORE_SETTINGS is no JSON object/],
  ["a setting that is none", { ICECORE_SETTINGS: '{"gracems":1}' }, /has "gracems", which is no setting/],
  [
    "a setting of another kind",
    { ICECORE_SETTINGS: '{"graceMs":"SECRET"}' },
    /has a graceMs that is no number/,
  ],
  ["a negative setting", { ICECORE_SETTINGS: '{"graceMs":-1}' }, /has a graceMs that is no number/],
  ["a prototype", { ICECORE_SETTINGS: '{"constructor":1}' }, /has "constructor", which is no setting/],
  ["hints without a region", { ICECORE_HINTS_URL: "https://hints.example.org" }, /AWS_REGION is missing/],
])("It refuses %s, and repeats no value.", (_, change, told) => {
  const { what, message } = troubleOf(() => parseApiEnvironment({ ...least, ...change }, false));
  expect(what).toMatch(told);
  expect(message).not.toMatch(/(?<!_)SECRET(?!_)/);
});

test("Rollup and sweep know how much memory they have, where Lambda says so.", () => {
  const inLambda = { ...bucket, AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "1769" };
  expect(parseRollupEnvironment(inLambda).memoryMb).toBe(1_769);
  expect(parseSweepEnvironment(inLambda).memoryMb).toBe(1_769);
  expect(parseRollupEnvironment(bucket).memoryMb).toBeUndefined();
});
