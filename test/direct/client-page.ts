/** Runs in a page: a whole client in direct mode with credentials from a server, and whoever got hold of such credentials. */
import { AwsV4Signer } from "aws4fetch";
import { createS3FetchBucket, parseS3Location } from "../../bucket/s3-fetch/index.ts";
import { directRemote } from "../../client/direct/direct.ts";
import type { DirectGrant } from "../../shared/wire/http-access.ts";
import { openOver } from "../fixtures/store-page.ts";

export { look, put, sync } from "../fixtures/store-page.ts";

export async function open(server: string, storeId: string, token: string): Promise<string> {
  return openOver(directRemote(server, { openBucket: createS3FetchBucket, token: () => token }), storeId);
}

/** What the server says to who asks for credentials. */
export async function askCredentials(
  server: string,
  { storeId, app, token }: { readonly storeId: string; readonly app: string; readonly token: string | null },
): Promise<{ readonly status: number; readonly body: DirectGrant }> {
  const answer = await fetch(`${server}/v1/stores/${storeId}/credentials`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ app }),
  });
  return { status: answer.status, body: (await answer.json()) as DirectGrant };
}

export interface Attempt {
  readonly method: string;
  /** Below the root of the credentials' address; undefined: the bucket itself. */
  readonly key?: string;
  /** Not below the root. */
  readonly outside?: boolean;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One request of S3, signed with these credentials and nothing between. */
export async function attempt(
  grant: Omit<DirectGrant, "expiresAt">,
  { method, key, outside = false, query = {}, headers = {}, body }: Attempt,
): Promise<{ readonly status: number; readonly code: string | null; readonly body: string }> {
  const { bucket, prefix, endpoint } = parseS3Location(grant.address);
  const path = key === undefined ? "" : (outside ? "" : prefix) + key;
  const search = new URLSearchParams(query).toString().replaceAll("+", "%20");
  const { accessKeyId, secretAccessKey, sessionToken } = grant;
  const signer = new AwsV4Signer({
    method,
    url: `${endpoint}/${bucket}/${path}${search === "" ? "" : `?${search}`}`,
    headers: { ...headers },
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === "" ? {} : { sessionToken }),
    service: "s3",
    region: "us-east-1",
  });
  const signed = await signer.sign();
  const answer = await fetch(signed.url, {
    method,
    headers: signed.headers,
    ...(body === undefined ? {} : { body }),
  });
  const text = await answer.text();
  return { status: answer.status, code: /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? null, body: text };
}
