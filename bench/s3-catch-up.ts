/** A new reader's catch-up beside plain GETs of the same objects by the same SDK on the same endpoint, in turns. */
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { createNodePlatform } from "../bucket/platform/node.ts";
import { createS3Bucket } from "../bucket/s3/s3-bucket.ts";
import { createReplay } from "../shared/drive/replay.ts";
import { createRollup } from "../shared/drive/rollup.ts";
import type { Host } from "../shared/drive/run.ts";
import { createStore, readStoreHead } from "../shared/drive/store.ts";
import type { Model } from "../shared/model/model.ts";
import type { Bucket } from "../shared/ports/bucket.ts";
import { newSettings } from "../shared/settings.ts";
import { parseStoreId, type StoreId } from "../shared/wire/ids.ts";
import { updateKey } from "../shared/wire/keys.ts";
import { toTimestamp } from "../shared/wire/time.ts";
import { encodeUpdate } from "../shared/wire/update.ts";
import { plainClient, timed } from "./s3-append.ts";
import { benchModel } from "./s3-model.ts";
import { newBenchUpdate } from "./updates.ts";

export interface CatchUpMeasure {
  readonly name: string;
  readonly updates: number;
  readonly requests: number;
  /** With a snapshot: GET head + GET snapshot + at most 12 segments; else GET head + each listed segment. */
  readonly budget: number;
  readonly bytes: number;
  readonly ms: number;
  readonly plainMs: number;
  readonly plainAtOnceMs: number;
}

const rounds = 14;
const updatesPerRound = 400;
const turns = 9;
const putsAtOnce = 16;

/** A new reader that begins with the snapshot, and one that folds the whole log. */
export async function measureCatchUps(address: string): Promise<readonly CatchUpMeasure[]> {
  const platform = createNodePlatform();
  const host: Host = { bucket: createS3Bucket(address), platform, settings: newSettings({ graceMs: 0 }) };
  const store = parseStoreId(`catch-up-${platform.newNonce()}`);
  if (!store) throw new Error("no store id");
  await createStore(host, store);
  await fill(host, store);
  const { head } = await readStoreHead(host, store);
  return [
    {
      name: "catch-up from the snapshot",
      ...(await measure(address, host, { store, fromStart: false })),
      budget: 2 + 12,
    },
    {
      name: "catch-up over the whole log",
      ...(await measure(address, host, { store, fromStart: true })),
      budget: 1 + head.segments.length,
    },
  ];
}

interface Reading {
  readonly store: StoreId;
  readonly fromStart: boolean;
}

async function measure(
  address: string,
  host: Host,
  reading: Reading,
): Promise<Omit<CatchUpMeasure, "name" | "budget">> {
  const read = await readNew(host, reading);
  const plain = plainClient(address);
  const getPlainly = async (key: string): Promise<void> => {
    const { Body } = await plain.client.send(new GetObjectCommand(plain.key(key)));
    await Body?.transformToByteArray();
  };
  const times = { ours: [] as number[], plain: [] as number[], atOnce: [] as number[] };
  for (let turn = 0; turn < turns; turn++) {
    times.ours.push(await timed(() => readNew(host, reading)));
    times.plain.push(
      await timed(async () => {
        for (const key of read.keys) await getPlainly(key);
      }),
    );
    times.atOnce.push(await timed(() => Promise.all(read.keys.map(getPlainly))));
  }
  return {
    updates: rounds * updatesPerRound,
    requests: read.keys.length,
    bytes: read.bytes,
    ms: median(times.ours),
    plainMs: median(times.plain),
    plainAtOnceMs: median(times.atOnce),
  };
}

/** As many writers' appends would have left it, and a rollup after each burst. */
async function fill(host: Host, store: StoreId): Promise<void> {
  const rollup = createRollup(host, { store, model: benchModel as Model<unknown> });
  let at = Date.now() - rounds * updatesPerRound - 5_000;
  for (let round = 0; round < rounds; round++) {
    const updates = Array.from({ length: updatesPerRound }, (_, i) => {
      const update = newBenchUpdate(round * updatesPerRound + i + 1, 1);
      return { key: updateKey({ store, timestamp: toTimestamp(++at), app: update.app }), update };
    });
    for (let i = 0; i < updates.length; i += putsAtOnce)
      await Promise.all(
        updates.slice(i, i + putsAtOnce).map(({ key, update }) => put(host, key, encodeUpdate(update))),
      );
    while ((await rollup.round({ hint: true })).more);
  }
}

function put({ bucket, platform }: Host, key: string, body: object): Promise<unknown> {
  const bytes = platform.encodeText(JSON.stringify(body));
  return bucket.putIfAbsent(key, { body: bytes, contentType: "application/json", cacheControl: "" });
}

async function readNew(
  host: Host,
  { store, fromStart }: Reading,
): Promise<{ readonly keys: readonly string[]; readonly bytes: number }> {
  const keys: string[] = [];
  let bytes = 0;
  const bucket: Bucket = {
    ...host.bucket,
    async get(key, options) {
      const answer = await host.bucket.get(key, options);
      keys.push(key);
      if (answer.is === "found") bytes += answer.body.length;
      return answer;
    },
  };
  const replay = createReplay({ ...host, bucket }, { store, model: benchModel, fromStart });
  const rows = (await replay.advanceTo()).state().rows.size;
  if (rows === 0) throw new Error("the reader read nothing");
  return { keys, bytes };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
