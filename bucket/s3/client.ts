/**
 * The SDK's client as this adapter wants it: one try a request, its hidden retries off, what an answer's headers say beside each
 * answer, and errors that tell whether the request was sent.
 *
 * A hidden retry of a conditional write would turn one's own success into a 412; so nothing here is ever sent twice, whatever the
 * environment or ~/.aws/config ask for. The SDK still corrects its signing clock by the answers.
 */
import { S3Client } from "@aws-sdk/client-s3";
import { s3AnswerMs, s3Connections, s3ConnectMs, s3SilenceMs } from "../limits.ts";
import type { S3Location } from "../s3-common/location.ts";
import { dateOf, UnsentError } from "./fault.ts";

/** Where no region is named and the service is not AWS: what nearly all of them take. */
const regionElsewhere = "us-east-1";

export function createSdkClient(location: S3Location): S3Client {
  const { endpoint, pathStyle, checksums } = location;
  // Empty variables count as none.
  const region =
    location.region ||
    process.env.AWS_REGION ||
    process.env.AWS_DEFAULT_REGION ||
    (endpoint && regionElsewhere);
  const whenToCheck = checksums === "required" ? "WHEN_REQUIRED" : "WHEN_SUPPORTED";
  const agent = { maxSockets: s3Connections, keepAlive: true };
  const client = new S3Client({
    ...(region === null ? {} : { region }),
    ...(endpoint === null ? {} : { endpoint }),
    forcePathStyle: pathStyle,
    maxAttempts: 1,
    // "adaptive" would hold requests back by a clock of its own.
    retryMode: "standard",
    // A 301 is said, not followed: the second request would be one more try.
    followRegionRedirects: false,
    requestChecksumCalculation: whenToCheck,
    responseChecksumValidation: whenToCheck,
    // Bodies are small: waiting for "100 Continue" would double the time of a write.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: s3ConnectMs,
      requestTimeout: s3AnswerMs,
      throwOnRequestTimeout: true,
      socketTimeout: s3SilenceMs,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
  watchRequests(client);
  return client;
}

/** What the SDK calls the metadata of an output; these members more are put there by `watchRequests`. */
interface KeptMetadata {
  readonly answerDate?: number | null;
  readonly answerServer?: string | null;
  readonly answerIsPage?: boolean;
}

/** The service's clock when it gave this output; null when it did not say. */
export function answerDate({ $metadata }: { readonly $metadata: object }): number | null {
  return ($metadata as KeptMetadata).answerDate ?? null;
}

/** How the service names itself in its answers. */
export function answerServer({ $metadata }: { readonly $metadata: object }): string | null {
  return ($metadata as KeptMetadata).answerServer ?? null;
}

/** True where a web page came: S3 never answers with one. */
export function isWebPage({ $metadata }: { readonly $metadata: object }): boolean {
  return ($metadata as KeptMetadata).answerIsPage === true;
}

/** The SDK hands out no headers of a good answer, and does not say of an error whether the request was sent. */
function watchRequests({ middlewareStack }: S3Client): void {
  // One for each request; the SDK hands the same to every step.
  const sent = new WeakSet<object>();
  middlewareStack.add(
    (next, context) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        throw sent.has(context) ? error : new UnsentError(error);
      }
    },
    { step: "initialize", priority: "high", name: "icecoreUnsent" },
  );
  // The last step before the connection: the request is signed.
  middlewareStack.add(
    (next, context) => async (args) => {
      sent.add(context);
      const result = await next(args);
      const { headers = {} } = result.response as { headers?: Readonly<Record<string, string>> };
      const kept: KeptMetadata = {
        answerDate: dateOf(headers),
        answerServer: headers.server ?? null,
        answerIsPage: /^text\/html\b/i.test(headers["content-type"] ?? ""),
      };
      if (result.output) Object.assign(result.output.$metadata, kept);
      return result;
    },
    { step: "deserialize", priority: "high", name: "icecoreHeaders" },
  );
}
