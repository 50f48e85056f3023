/** Appends beside plain PUT + GET of the same bytes by the same SDK on the same endpoint, in turns. */
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { createCountingBucket } from "../bucket/counting.ts";
import { createNodePlatform } from "../bucket/platform/node.ts";
import { createS3Bucket } from "../bucket/s3/s3-bucket.ts";
import { parseS3Location } from "../bucket/s3-common/location.ts";
import type { Host } from "../shared/drive/run.ts";
import { createStore } from "../shared/drive/store.ts";
import { createWriter } from "../shared/drive/writer.ts";
import { newSettings } from "../shared/settings.ts";
import { parseStoreId } from "../shared/wire/ids.ts";
import { headKey } from "../shared/wire/keys.ts";
import { zeroTimestamp } from "../shared/wire/time.ts";
import { encodeUpdate } from "../shared/wire/update.ts";
import { newBenchUpdate } from "./updates.ts";

export interface AppendMeasure {
  readonly writers: number;
  readonly perSecond: number;
  readonly plainPerSecond: number;
  /** Of one acknowledged update, on average. */
  readonly requests: number;
  readonly budget: number;
}

/** Each side's turns; a slow moment of the machine then falls on both. */
const turns = 4;

export async function measureAppends(
  address: string,
  { writers, appends }: { readonly writers: number; readonly appends: number },
): Promise<AppendMeasure> {
  const platform = createNodePlatform();
  const bucket = createCountingBucket(createS3Bucket(address));
  const host: Host = { bucket, platform, settings: newSettings() };
  const store = parseStoreId(`append-${writers}-${platform.newNonce()}`);
  if (!store) throw new Error("no store id");
  await createStore(host, store);
  const plain = plainClient(address);
  const head = plain.key(headKey(store));
  const share = Math.ceil(appends / writers / turns);
  const crew = Array.from({ length: writers }, (_, app) => ({
    app,
    writer: createWriter(host, store),
    seq: 0,
  }));
  // The clock is asked for once a process, which no budget counts.
  await Promise.all(crew.map((one) => append(one)));
  bucket.reset();
  const took = { ours: 0, plain: 0 };
  for (let turn = 0; turn < turns; turn++) {
    took.ours += await timed(() => each(crew, (one) => repeat(share, () => append(one))));
    took.plain += await timed(() =>
      each(crew, (one) => repeat(share, (i) => putAndGet(one.app, turn * share + i))),
    );
  }
  const { get, put, swap, list } = bucket.counts();
  const done = share * turns * writers;
  return {
    writers,
    perSecond: (done / took.ours) * 1_000,
    plainPerSecond: (done / took.plain) * 1_000,
    requests: (get + put + swap + list) / done,
    budget: 2,
  };

  async function append(one: (typeof crew)[number]): Promise<void> {
    one.seq += 1;
    const outcome = await one.writer.append({
      ...newBenchUpdate(one.app + 1, one.seq),
      after: zeroTimestamp,
    });
    if (outcome.is !== "stored") throw new Error(`not stored: ${outcome.reason}`);
  }

  async function putAndGet(app: number, i: number): Promise<void> {
    const Body = platform.encodeText(JSON.stringify(encodeUpdate(newBenchUpdate(app + 1, i + 1))));
    const place = plain.key(`plain/${store}/${app}-${i}.json`);
    await plain.client.send(new PutObjectCommand({ ...place, Body }));
    const { Body: body } = await plain.client.send(new GetObjectCommand(head));
    await body?.transformToByteArray();
  }
}

export function plainClient(address: string) {
  const { bucket, prefix, endpoint, region, pathStyle } = parseS3Location(address);
  const client = new S3Client({
    ...(endpoint === null ? {} : { endpoint }),
    region: region ?? process.env.AWS_REGION ?? "us-east-1",
    forcePathStyle: pathStyle,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  return { client, key: (key: string) => ({ Bucket: bucket, Key: prefix + key }) };
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

function each<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<unknown> {
  return Promise.all(all.map(work));
}

async function repeat(count: number, work: (i: number) => Promise<void>): Promise<void> {
  for (let i = 0; i < count; i++) await work(i);
}
