/**
 * `npm run bench:s3 -- [--bucket URL] [--appends N] [--json]`: what icecore adds to plain requests on the same endpoint in the same run.
 *
 * Without `--bucket` it starts Ceph's gateway on this machine. Throughputs are given as ratios beside each other; requests are counted
 * beside their budgets, and a count above its budget is exit code 1. Times are noise on shared machines.
 */
import { Command } from "@commander-js/extra-typings";
import { optionsOf, whole } from "../examples/program.ts";
import { addressOf, makeBucket, setCredentials } from "../test/ceph/buckets.ts";
import { hasCeph, startCeph } from "../test/ceph/ceph.ts";
import { type AppendMeasure, measureAppends } from "./s3-append.ts";
import { type CatchUpMeasure, measureCatchUps } from "./s3-catch-up.ts";

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

const values = optionsOf(
  new Command("npm run bench:s3 --")
    .description(
      "What icecore adds to plain requests on the same S3 endpoint. Exit code 1: a count is above its budget.",
    )
    .option("--bucket <url>", "s3://… (default: Ceph's gateway, started on this machine)")
    .option("--appends <n>", "updates that are stored", whole(1), 600)
    .option("--json", "print JSON"),
);
process.exitCode = await main();

async function main(): Promise<number> {
  if (values.bucket !== undefined) return bench(values.bucket);
  if (!hasCeph()) {
    console.error("Give --bucket s3://…, or install Ceph: apt-get install ceph-mon ceph-osd radosgw");
    return 2;
  }
  console.error("Starting Ceph's gateway …");
  const ceph = await startCeph();
  try {
    setCredentials(ceph.keys);
    await makeBucket(ceph.endpoint, "bench");
    return await bench(addressOf("bench", ceph.endpoint));
  } finally {
    await ceph.stop();
  }
}

async function bench(address: string): Promise<number> {
  const appends: AppendMeasure[] = [];
  for (const writers of [1, 8, 32]) {
    const measure = await measureAppends(address, { writers, appends: values.appends });
    appends.push(measure);
    if (!values.json) console.log(appendLine(measure));
  }
  const catchUps = await measureCatchUps(address);
  if (values.json) console.log(JSON.stringify({ appends, catchUps }));
  else for (const line of catchUps.flatMap(catchUpLines)) console.log(line);
  const over = [...appends, ...catchUps].some(({ requests, budget }) => requests > budget);
  if (over) console.error("A count is above its budget.");
  return over ? 1 : 0;
}

function appendLine({ writers, perSecond, plainPerSecond, requests, budget }: AppendMeasure): string {
  const ratio = (perSecond / plainPerSecond).toFixed(2);
  return `append, ${String(writers).padStart(2)} writers: ${perSecond.toFixed(0)}/s beside ${plainPerSecond.toFixed(0)}/s of plain PUT + GET: ${ratio}; ${requests.toFixed(2)} requests an update (budget ${budget})`;
}

function catchUpLines(measure: CatchUpMeasure): readonly string[] {
  const { name, updates, requests, budget, bytes, ms, plainMs, plainAtOnceMs } = measure;
  return [
    `${name}, ${updates} updates: ${requests} GET (budget ${budget}), ${(bytes / 1e6).toFixed(2)} MB`,
    `  ${ms.toFixed(0)} ms beside ${plainMs.toFixed(0)} ms of plain GETs of the same objects, one after the other: ${(ms / plainMs).toFixed(2)}`,
    `  … and ${plainAtOnceMs.toFixed(0)} ms of all of them at once: ${(ms / plainAtOnceMs).toFixed(2)}`,
  ];
}
