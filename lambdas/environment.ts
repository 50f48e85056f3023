/**
 * The environment of the Lambdas: every variable that they know, parsed once at a cold start, all faults told at once. The construct in
 * cdk/ sets exactly these.
 */
import { parseS3Location } from "../bucket/s3-common/location.ts";
import type { Rate } from "../server/rate.ts";
import { defaultServerSettings, type ServerSettings } from "../server/settings.ts";
import { StoreError } from "../shared/errors.ts";
import { defaultSettings, type Settings } from "../shared/settings.ts";
import { isLoopback } from "../shared/wire/loopback.ts";
import { directSecondsMax, directSecondsMin } from "./direct-limits.ts";
import { type EnvironmentReader, readEnvironment, type Variables } from "./environment-reader.ts";
import { originsMax } from "./limits.ts";

export interface BucketEnvironment {
  /** Address of the bucket, e.g. "s3://notes/root?region=eu-central-1". */
  readonly bucket: string;
  readonly settings: Partial<Settings & ServerSettings>;
}

export type TokenEnvironment = {
  readonly audience: string;
  readonly issuer: string | null;
  readonly keys: { readonly jwksUrl: string } | { readonly secretId: string };
};

export interface ApiEnvironment extends BucketEnvironment {
  /** Null: the app authenticates by itself. */
  readonly tokens: TokenEnvironment | null;
  readonly readPassSecretId: string | null;
  readonly corsOrigins: readonly string[];
  readonly rate: Rate | null;
  readonly hints: { readonly url: string; readonly region: string } | null;
}

export interface CredentialsEnvironment extends ApiEnvironment {
  readonly roleArn: string;
  readonly seconds: number;
  /** That updates are new objects is asked for by policy, too: AWS knows that condition, services at other endpoints may not. */
  readonly createOnly: boolean;
}

export interface RollupEnvironment extends BucketEnvironment {
  /** What the function may use in all, as Lambda says by itself; not there elsewhere. */
  readonly memoryMb?: number;
}

export interface SweepEnvironment extends RollupEnvironment {
  /** Stores that one sweep looks at. */
  readonly stores: number;
}

/** `ownAuthenticate`: the app brings one, so no tokens of ours need to be configured. */
export function parseApiEnvironment(variables: Variables, ownAuthenticate: boolean): ApiEnvironment {
  return readEnvironment(variables, (reader) => readApi(reader, ownAuthenticate));
}

export function parseCredentialsEnvironment(
  variables: Variables,
  ownAuthenticate: boolean,
): CredentialsEnvironment {
  return readEnvironment(variables, (reader) => {
    const api = readApi(reader, ownAuthenticate);
    const range = { min: directSecondsMin, max: directSecondsMax, otherwise: directSecondsMax };
    return {
      ...api,
      roleArn: readRole(reader),
      seconds: reader.number("ICECORE_DIRECT_SECONDS", range),
      createOnly: !/[?&]endpoint=/.test(api.bucket),
    };
  });
}

export function parseRollupEnvironment(variables: Variables): RollupEnvironment {
  return readEnvironment(variables, readRollup);
}

export function parseSweepEnvironment(variables: Variables): SweepEnvironment {
  return readEnvironment(variables, (reader) => ({
    ...readRollup(reader),
    stores: reader.number("ICECORE_SWEEP_STORES", { min: 1, max: 10_000, otherwise: 50 }),
  }));
}

function readApi(reader: EnvironmentReader, ownAuthenticate: boolean): ApiEnvironment {
  const hintsUrl = readUrl(reader, "ICECORE_HINTS_URL", "AppSync's HTTP endpoint, or leave it out");
  return {
    ...readBucket(reader),
    tokens: ownAuthenticate ? null : readTokens(reader),
    readPassSecretId: reader.optional("ICECORE_READ_PASS_SECRET_ID"),
    corsOrigins: readOrigins(reader),
    rate: readRate(reader),
    hints: hintsUrl === null ? null : { url: hintsUrl, region: readRegion(reader) },
  };
}

function readBucket(reader: EnvironmentReader): BucketEnvironment {
  const name = "ICECORE_BUCKET";
  const bucket = reader.required(name, "the bucket's address, like s3://notes/root?region=eu-central-1");
  if (bucket !== "") {
    try {
      parseS3Location(bucket);
    } catch (error) {
      // Its texts hold nothing that may be a secret.
      if (!(error instanceof StoreError)) throw error;
      reader.fault(
        name,
        `is no bucket's address (${error.what})`,
        "one like s3://notes/root?region=eu-central-1",
      );
    }
  }
  return { bucket, settings: readSettings(reader) };
}

function readRollup(reader: EnvironmentReader): RollupEnvironment {
  const memoryMb = reader.number("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", { min: 1, max: 1_000_000, otherwise: 0 });
  return { ...readBucket(reader), ...(memoryMb === 0 ? {} : { memoryMb }) };
}

function readTokens(reader: EnvironmentReader): TokenEnvironment {
  const audience = reader.required("ICECORE_AUDIENCE", "what the `aud` of this service's tokens is");
  const issuer = reader.optional("ICECORE_ISSUER");
  const secretId = reader.optional("ICECORE_TOKEN_SECRET_ID");
  const hasUrl = reader.optional("ICECORE_JWKS_URL") !== null;
  const both = "ICECORE_JWKS_URL or ICECORE_TOKEN_SECRET_ID";
  const fix =
    "the issuer's key set, or the Secrets Manager id of the shared secret: tokens are signed in one way";
  if (!hasUrl && secretId === null) reader.fault(both, "is missing", fix);
  if (hasUrl && secretId !== null) reader.fault(both, "is one too many", fix);
  const jwksUrl = readUrl(reader, "ICECORE_JWKS_URL", "the https:// address of the issuer's key set");
  return { audience, issuer, keys: jwksUrl === null ? { secretId: secretId ?? "" } : { jwksUrl } };
}

/** HTTPS, or plain HTTP to this very machine, for tests. */
function readUrl(reader: EnvironmentReader, name: string, fix: string): string | null {
  const text = reader.optional(name);
  if (text === null) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  const safe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (safe && url?.username === "" && url.password === "") return text;
  reader.fault(name, "is no https:// address", fix);
  return null;
}

function readRegion(reader: EnvironmentReader): string {
  return reader.required("AWS_REGION", "the region; Lambda does so by itself");
}

function readRole(reader: EnvironmentReader): string {
  const name = "ICECORE_DIRECT_ROLE_ARN";
  const fix = "the ARN of the role whose credentials are given out, arn:aws:iam::ACCOUNT:role/NAME";
  const arn = reader.required(name, fix);
  if (arn !== "" && !/^arn:[a-z-]+:iam::[0-9]*:role\/[\w+=,.@/-]+$/.test(arn))
    reader.fault(name, "is no role's ARN", fix);
  return arn;
}

function readOrigins(reader: EnvironmentReader): readonly string[] {
  const name = "ICECORE_CORS_ORIGINS";
  const origins = (reader.optional(name) ?? "").split(",").map((one) => one.trim());
  const given = origins.filter((one) => one !== "");
  const good = given.every((one) => one === "*" || /^https?:\/\/[a-z0-9.-]+(?::\d{1,5})?$/i.test(one));
  if (!good || given.length > originsMax)
    reader.fault(
      name,
      `is no list of at most ${originsMax} origins`,
      "origins with commas between them, like https://notes.example.org,https://example.org, or *",
    );
  return given;
}

function readRate(reader: EnvironmentReader): Rate | null {
  const perSecond = reader.number("ICECORE_RATE_PER_SECOND", {
    min: 0.001,
    max: 100_000,
    otherwise: 0,
    fraction: true,
  });
  const otherwise = Math.max(1, Math.ceil(2 * perSecond));
  const burst = reader.number("ICECORE_RATE_BURST", { min: 1, max: 100_000, otherwise });
  if (perSecond > 0) return { perSecond, burst };
  if (reader.optional("ICECORE_RATE_BURST") !== null && reader.optional("ICECORE_RATE_PER_SECOND") === null)
    reader.fault("ICECORE_RATE_PER_SECOND", "is missing beside ICECORE_RATE_BURST", "requests a second");
  return null;
}

const known: Readonly<Record<string, unknown>> = { ...defaultServerSettings, ...defaultSettings };

/** A misspelt name would change nothing, silently; a wrong kind would break something far away. */
function readSettings(reader: EnvironmentReader): Partial<Settings & ServerSettings> {
  const name = "ICECORE_SETTINGS";
  const text = reader.optional(name);
  if (text === null) return {};
  const fix = 'an object of settings as JSON, like {"graceMs":1000}, or leave it out';
  const value = parseObject(text);
  if (value === null) reader.fault(name, "is no JSON object", fix);
  for (const [setting, given] of Object.entries(value ?? {}))
    if (!Object.hasOwn(known, setting))
      reader.fault(name, `has ${JSON.stringify(setting.slice(0, 40))}, which is no setting`, fix);
    else if (!isLike(given, known[setting]))
      reader.fault(name, `has a ${setting} that is no number from 0, or no list of them`, fix);
  return value ?? {};
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}

function isLike(given: unknown, standard: unknown): boolean {
  const isNumber = (one: unknown) => typeof one === "number" && one >= 0;
  return Array.isArray(standard) ? Array.isArray(given) && given.every(isNumber) : isNumber(given);
}
