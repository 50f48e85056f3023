/**
 * Calls the rollup as it was bundled for AWS, with an entry of SQS as S3 fills it: `node cdk-rollup.js BUNDLE [ADDRESS]`. With a bucket's
 * address, a client writes before and sees its update published after. Prints what came of it as JSON.
 */
import { pathToFileURL } from "node:url";
import { createNodePlatform, openBucket } from "../../bucket/index.ts";
import { bucketRemote, memoryLocal, openStore } from "../../client/index.ts";
import { createStore } from "../../shared/drive/index.ts";
import { newSettings, parseStoreId } from "../../shared/index.ts";
import { model } from "./cdk-model.ts";

interface RollupModule {
  handler(entries: object, context: object): Promise<{ readonly batchItemFailures: readonly unknown[] }>;
}

const [bundle = "", address] = process.argv.slice(2);
if (address !== undefined) process.env.ICECORE_BUCKET = address;
const { handler } = (await import(pathToFileURL(bundle).href)) as RollupModule;
console.log(JSON.stringify(address === undefined ? await callWithoutBucket() : await callWith(address)));

async function callWithoutBucket(): Promise<object> {
  return call("updates/notes/none.json", "none").then(
    (answer) => ({ answer }),
    (error: Error) => ({ error: error.message }),
  );
}

async function callWith(url: string): Promise<object> {
  const platform = createNodePlatform();
  const bucket = await openBucket(url, platform);
  const storeId = parseStoreId("notes");
  if (storeId === undefined) throw new Error("notes is no store id");
  await createStore({ bucket, platform, settings: newSettings() }, storeId);
  const store = openStore({ model, storeId, local: memoryLocal(), remote: bucketRemote(bucket, platform) });
  const { stored, published } = store.do.addNote({ id: "n1", text: "Milk" });
  await stored;
  const { objects } = await bucket.list("updates/notes/");
  const { batchItemFailures } = await call(objects[0]?.key ?? "", nameOf(url));
  store.sync.wake("rolled up");
  await published;
  const left = (await bucket.list("updates/notes/")).objects.length;
  const notes = [...store.state.notes].map(([id, { text }]) => ({ id, text }));
  await store.close();
  return { written: objects.length, failures: batchItemFailures.length, left, notes };
}

function nameOf(url: string): string {
  return /^s3:\/\/([^/?]+)/.exec(url)?.[1] ?? "";
}

function call(key: string, bucketName: string): ReturnType<RollupModule["handler"]> {
  const told = {
    eventVersion: "2.1",
    eventSource: "aws:s3",
    awsRegion: "eu-central-1",
    eventTime: "2026-11-21T09:05:03.209Z",
    eventName: "ObjectCreated:Put",
    userIdentity: { principalId: "AWS:AROAEXAMPLE:icecore" },
    requestParameters: { sourceIPAddress: "192.0.2.1" },
    responseElements: { "x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "none" },
    s3: {
      s3SchemaVersion: "1.0",
      configurationId: "updates",
      bucket: {
        name: bucketName,
        ownerIdentity: { principalId: "A3NL1KOZZKEXAMPLE" },
        arn: `arn:aws:s3:::${bucketName}`,
      },
      object: {
        key: encodeURIComponent(key).replaceAll("%2F", "/"),
        size: 300,
        eTag: "none",
        sequencer: "0A1B2C3D4E5F678901",
      },
    },
  };
  const entry = {
    messageId: "059f36b4-87a3-44ab-83d2-661975830a7d",
    receiptHandle: "none",
    body: JSON.stringify({ Records: [told] }),
    attributes: {
      ApproximateReceiveCount: "1",
      SentTimestamp: "1545082649183",
      SenderId: "AIDAIENQZJOLO23YVJ4VO",
      ApproximateFirstReceiveTimestamp: "1545082649185",
    },
    messageAttributes: {},
    md5OfBody: "none",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:eu-central-1:111122223333:news",
    awsRegion: "eu-central-1",
  };
  const context = {
    functionName: "rollup",
    functionVersion: "$LATEST",
    invokedFunctionArn: "arn:aws:lambda:eu-central-1:111122223333:function:rollup",
    memoryLimitInMB: "1769",
    awsRequestId: "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => 110_000,
  };
  return handler({ Records: [entry] }, context);
}
