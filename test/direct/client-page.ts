/** Runs in a page: a whole client in direct mode with credentials from a server, and whoever got hold of such credentials. */
import { AwsV4Signer } from "aws4fetch";
import { createS3FetchBucket, parseS3Location } from "../../bucket/s3-fetch/index.ts";
import { directRemote } from "../../client/direct/direct.ts";
import { idbLocal } from "../../client/idb/index.ts";
import { openStore } from "../../client/open-store.ts";
import type { Store } from "../../client/store.ts";
import type { DirectGrant } from "../../shared/wire/http-access.ts";
import { pairsModel } from "../fixtures/pairs-model.ts";

let store: Store<typeof pairsModel> | undefined;

function opened(): Store<typeof pairsModel> {
  if (store === undefined) throw new Error("open() comes first");
  return store;
}

export async function open(server: string, storeId: string, token: string): Promise<string> {
  const remote = directRemote(server, { openBucket: createS3FetchBucket, token: () => token });
  store = openStore({ model: pairsModel, storeId, remote, local: idbLocal() });
  await store.loaded;
  return store.app;
}

/** Resolves when the action is durable in this browser. */
export async function put(key: string, value: string): Promise<void> {
  await opened().do.put({ key, value }).savedLocally;
}

export async function sync(): Promise<void> {
  await opened().sync.now();
}

export function look() {
  const { app, state, confirmedState, sync: syncing } = opened();
  const { phase, pending, dead, error } = syncing.status;
  return {
    app,
    shown: [...state.pairs.keys()],
    confirmed: [...confirmedState.pairs.keys()],
    phase,
    pending,
    dead,
    error: error?.message ?? null,
  };
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
