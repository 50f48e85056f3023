/**
 * The app's credentials: asked for when they are needed, kept until shortly before they end or until the service refuses them. Whoever
 * needs them while they are asked for waits for that one answer.
 */
import { StoreError } from "../../shared/errors.ts";
import type { Platform } from "../../shared/ports/platform.ts";
import { s3AnswerMs, s3RenewAheadMs } from "../limits.ts";
import { FaultError } from "../s3-common/fault.ts";
import type { ServiceClock } from "./clock.ts";
import { connectionCode, faultOf } from "./fault.ts";
import { within } from "./fetch-like.ts";

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of credentials that end. */
  readonly sessionToken?: string | undefined;
  /** When they end, in milliseconds since 1970: others are asked for a minute before. */
  readonly expiresAt?: number | undefined;
}

export type GetCredentials = () => S3Credentials | Promise<S3Credentials>;

export interface Credentials {
  current(): Promise<S3Credentials>;
  /** After `used` were refused: true when there are others now. */
  renew(used: S3Credentials): Promise<boolean>;
}

export function createCredentials(
  get: GetCredentials,
  { platform, clock }: { readonly platform: Platform; readonly clock: ServiceClock },
): Credentials {
  let held: S3Credentials | null = null;
  let asking: Promise<S3Credentials> | null = null;

  function ask(): Promise<S3Credentials> {
    asking ??= askApp(get, platform)
      .then((given) => {
        held = given;
        return given;
      })
      .finally(() => {
        asking = null;
      });
    return asking;
  }

  const endsWithin = ({ expiresAt }: S3Credentials, ms: number): boolean =>
    expiresAt !== undefined && expiresAt - ms <= clock.now();

  return {
    async current() {
      const kept = held;
      if (kept === null) return ask();
      if (!endsWithin(kept, s3RenewAheadMs)) return kept;
      // Those that still hold do, where there are no others yet.
      return ask().catch((error) => {
        if (endsWithin(kept, 0)) throw error;
        return kept;
      });
    },
    async renew(used) {
      if (held !== null && isOther(held, used)) return true;
      return ask().then(
        (given) => isOther(given, used),
        () => false,
      );
    },
  };
}

function isOther(a: S3Credentials, b: S3Credentials): boolean {
  return (["accessKeyId", "secretAccessKey", "sessionToken"] as const).some((part) => a[part] !== b[part]);
}

/** What the app's function throws is said by class or code alone: its text may hold a token. */
async function askApp(get: GetCredentials, platform: Platform): Promise<S3Credentials> {
  const asked = Promise.resolve().then(get);
  const given: unknown = await within(asked, s3AnswerMs, platform).catch((error) => {
    if (error instanceof StoreError) throw error;
    // One without a name is no browser's.
    const { code } = faultOf(error);
    throw new FaultError({ sent: false, code: code === "" ? "CredentialsFailed" : connectionCode(error) });
  });
  return parseCredentials(given);
}

/** What goes into headers: one that ends in a line break would not. */
const wordShape = /^[\x21-\x7e]+$/;

function parseCredentials(given: unknown): S3Credentials {
  const { accessKeyId, secretAccessKey, sessionToken, expiresAt } = Object(given) as {
    readonly [Part in keyof S3Credentials]?: unknown;
  };
  const isWord = (text: unknown): text is string => typeof text === "string" && wordShape.test(text);
  const missing = new FaultError({ sent: false, code: "NoCredentials" });
  if (!isWord(accessKeyId) || !isWord(secretAccessKey)) throw missing;
  if (sessionToken !== undefined && !isWord(sessionToken)) throw missing;
  if (expiresAt !== undefined && (typeof expiresAt !== "number" || Number.isNaN(expiresAt))) throw missing;
  return { accessKeyId, secretAccessKey, sessionToken, expiresAt };
}
