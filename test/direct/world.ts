/** Direct mode as it is deployed, on loopback: Ceph as S3 and STS, the API that hands out credentials, a rollup, a site with a page. */
import { PutBucketCorsCommand, type S3Client } from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import type { Browser, BrowserContext, Page } from "playwright";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { openBucket } from "../../bucket/url.ts";
import { createStsGrant } from "../../lambdas/sts-grant.ts";
import { createApp } from "../../server/app.ts";
import { createJwtAuthenticate } from "../../server/jwt/authenticate.ts";
import { newToken } from "../../server/jwt/new-token.ts";
import { listen } from "../../server/node/listen.ts";
import type { RequestEntry } from "../../server/request-log.ts";
import { authorizeByRole, type Role } from "../../server/roles.ts";
import { createRollup } from "../../shared/drive/rollup.ts";
import { getObject, type Host } from "../../shared/drive/run.ts";
import { createStore, readStoreHead } from "../../shared/drive/store.ts";
import { readSegment } from "../../shared/log/segment-read.ts";
import type { Model } from "../../shared/model/model.ts";
import { newSettings } from "../../shared/settings.ts";
import type { DirectGrant } from "../../shared/wire/http-access.ts";
import type { StoreId } from "../../shared/wire/ids.ts";
import type { Segment } from "../../shared/wire/segment.ts";
import { newClient } from "../ceph/buckets.ts";
import { newBucket, server } from "../ceph/s3-tests.ts";
import { type Sts, startSts } from "../ceph/sts.ts";
import { startSite } from "../fixtures/bucket-site.ts";
import { pairsModel } from "../fixtures/pairs-model.ts";
import { testStoreId } from "../fixtures/store-host.ts";
import { launchChromium } from "../pages/chromium.ts";
import { bundlePage, openPage } from "../pages/site.ts";

export interface DirectWorld {
  readonly host: Host;
  /** The API's; the page knows no other address. */
  readonly url: string;
  /** `s3://bucket/team?endpoint=…`. */
  readonly address: string;
  /** The bucket's owner, for what tests do behind icecore's back. */
  readonly owner: { readonly client: S3Client; readonly bucket: string };
  /** Requests to the API. */
  readonly log: RequestEntry[];
  token(subject: string, role?: Role): Promise<string>;
  /** A session of the role that no policy cuts down. */
  wholeRole(): Promise<DirectGrant>;
  /** A browser profile of its own. */
  page(): Promise<Page>;
  rollup(store: StoreId): Promise<void>;
  segments(store: StoreId): Promise<readonly Segment[]>;
  close(): Promise<void>;
}

const secret = "a secret of tokens, for tests alone";
const audience = "direct-tests";

export async function startDirectWorld(stores: readonly string[]): Promise<DirectWorld> {
  const platform = createNodePlatform();
  const script = await bundlePage(new URL("./client-page.ts", import.meta.url));
  const [site, browser, sts] = await Promise.all([
    startSite(script),
    launchChromium(),
    startSts(server?.folder ?? ""),
  ]);
  const { endpoint, roleArn } = sts;
  const made = await newBucket({ endpoint });
  const address = made.replace("?", "/team?");
  const owner = { client: newClient(endpoint), bucket: new URL(made).hostname };
  await setRules(owner, site.origin);
  const bucket = await openBucket(address, platform);
  const host: Host = { bucket, platform, settings: newSettings({ graceMs: 100 }) };
  for (const name of stores) await createStore(host, testStoreId(name));
  const log: RequestEntry[] = [];
  const app = createApp({
    bucket,
    platform,
    models: pairsModel as unknown as Model<unknown>,
    authenticate: createJwtAuthenticate({ audience, keys: { secret }, platform }),
    authorize: authorizeByRole,
    // The whole of what is deployed, less the one condition that Ceph 16 does not know.
    direct: createStsGrant({ roleArn, seconds: 900, address, createOnly: false }),
    corsOrigins: [site.origin],
    log: (entry) => log.push(entry),
  });
  const listening = await listen(app, { platform });
  const contexts: BrowserContext[] = [];
  return {
    host,
    url: listening.url,
    address,
    owner,
    log,
    token: (subject, role = "writer") =>
      newToken({ secret, audience, subject, role, stores: ["main"], lifeSeconds: 600, platform }),
    wholeRole: () => assumeRole(sts, address),
    page: () => newPage(browser, contexts, site.origin),
    async rollup(store) {
      // The service's Date has whole seconds: what was just stored lies behind the seal a second later.
      await platform.wait(1_300);
      const rolling = createRollup(host, { store, model: pairsModel as unknown as Model<unknown> });
      while ((await rolling.round({ hint: true })).more);
    },
    segments: (store) => readSegments(host, store),
    async close() {
      owner.client.destroy();
      await listening.close();
      await browser.close();
      site.server.close();
      await sts.stop();
    },
  };
}

async function assumeRole({ endpoint, roleArn }: Sts, address: string): Promise<DirectGrant> {
  const client = new STSClient({ endpoint, region: "us-east-1" });
  const asked = { RoleArn: roleArn, RoleSessionName: "whole" };
  const { Credentials: given } = await client.send(new AssumeRoleCommand(asked));
  client.destroy();
  return {
    accessKeyId: given?.AccessKeyId ?? "",
    secretAccessKey: given?.SecretAccessKey ?? "",
    sessionToken: given?.SessionToken ?? "",
    expiresAt: 0,
    address,
  };
}

async function newPage(browser: Browser, contexts: BrowserContext[], origin: string): Promise<Page> {
  const context = await browser.newContext();
  contexts.push(context);
  return openPage(context, origin);
}

/** As the construct sets them, and all methods beside, so that it is the policy that refuses. */
async function setRules({ client, bucket }: DirectWorld["owner"], origin: string): Promise<void> {
  const rule = {
    AllowedOrigins: [origin],
    AllowedMethods: ["GET", "HEAD", "PUT", "POST", "DELETE"],
    AllowedHeaders: ["*"],
    ExposeHeaders: ["ETag", "Date", "Last-Modified", "Content-Encoding"],
  };
  const rules = { Bucket: bucket, CORSConfiguration: { CORSRules: [rule] } };
  await client.send(new PutBucketCorsCommand(rules));
}

async function readSegments(host: Host, store: StoreId): Promise<readonly Segment[]> {
  const { head } = await readStoreHead(host, store);
  const segments: Segment[] = [];
  for (const entry of head.segments) {
    const body = await getObject({ do: "get", key: entry.key }, host);
    if (body.is !== "found" && body.is !== "absent") throw new Error(`${entry.key} is ${body.is}`);
    const read = readSegment(store, entry, body as never, host.platform.sha256);
    if (read.is !== "segment") throw new Error(`${entry.key} is ${read.is}`);
    segments.push(read.segment);
  }
  return segments;
}
