/**
 * The SDK's client as this adapter wants it: one try a request, its hidden retries off, and the service's clock beside each answer.
 *
 * A hidden retry of a conditional write would turn one's own success into a 412; so nothing here is ever sent twice. The SDK still
 * corrects its signing clock by the answers.
 */
import { S3Client } from "@aws-sdk/client-s3";
import { s3AnswerMs, s3Connections, s3ConnectMs, s3SilenceMs } from "../limits.ts";
import { dateOf } from "./fault.ts";
import type { S3Location } from "./location.ts";

/** Where no region is named and the service is not AWS: what nearly all of them take. */
const regionElsewhere = "us-east-1";

export function createSdkClient(location: S3Location): S3Client {
  const { endpoint, pathStyle, checksums } = location;
  const region =
    location.region ??
    process.env.AWS_REGION ??
    process.env.AWS_DEFAULT_REGION ??
    (endpoint && regionElsewhere);
  const whenToCheck = checksums === "required" ? "WHEN_REQUIRED" : "WHEN_SUPPORTED";
  const agent = { maxSockets: s3Connections, keepAlive: true };
  const client = new S3Client({
    ...(region === null ? {} : { region }),
    ...(endpoint === null ? {} : { endpoint }),
    forcePathStyle: pathStyle,
    maxAttempts: 1,
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
  keepHeaders(client);
  return client;
}

/** What the SDK calls the metadata of an output; the two members more are put there by `keepHeaders`. */
interface KeptMetadata {
  readonly answerDate?: number | null;
  readonly answerServer?: string | null;
}

/** The service's clock when it gave this output; null when it did not say. */
export function answerDate({ $metadata }: { readonly $metadata: object }): number | null {
  return ($metadata as KeptMetadata).answerDate ?? null;
}

/** How the service names itself in its answers. */
export function answerServer({ $metadata }: { readonly $metadata: object }): string | null {
  return ($metadata as KeptMetadata).answerServer ?? null;
}

/** The SDK hands out no headers of a good answer; the two that are needed go along with its metadata. */
function keepHeaders(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers = {} } = result.response as { headers?: Readonly<Record<string, string>> };
      const kept: KeptMetadata = { answerDate: dateOf(headers), answerServer: headers.server ?? null };
      if (result.output) Object.assign(result.output.$metadata, kept);
      return result;
    },
    { step: "deserialize", priority: "high", name: "icecoreKeepHeaders" },
  );
}
