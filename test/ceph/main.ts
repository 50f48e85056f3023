/**
 * `npm run s3`: a real S3 server on this machine (Ceph's gateway, in memory, on loopback) with two buckets, until Ctrl-C.
 *
 * What it prints can be pasted into another terminal. `-- --port N` chooses the port, `-- --json` prints one JSON object.
 */
import { once } from "node:events";
import { Command } from "@commander-js/extra-typings";
import { optionsOf, whole } from "../../examples/program.ts";
import { needs } from "../../scripts/tally.ts";
import { addressOf, makeBucket, setCredentials } from "./buckets.ts";
import { hasCeph, startCeph } from "./ceph.ts";

const values = optionsOf(
  new Command("npm run s3 --")
    .description(
      "A real S3 server on this machine (Ceph's gateway, in memory, on loopback) with two buckets, until Ctrl-C.",
    )
    .option("--port <n>", "where it listens (default: any that is free)", whole(1, 65_535))
    .option("--json", "print one JSON object instead of what can be pasted"),
);
process.exitCode = await main();

async function main(): Promise<number> {
  if (!hasCeph()) {
    console.error(`This machine has no Ceph. Install it: ${needs.s3?.fix}`);
    return 1;
  }
  const { port } = values;
  console.error("Starting a monitor, an object store and a gateway; this takes some ten seconds …");
  const ceph = await startCeph(port === undefined ? {} : { port });
  try {
    setCredentials(ceph.keys);
    await makeBucket(ceph.endpoint, "icecore");
    await makeBucket(ceph.endpoint, "versioned", { versioned: true });
    print(ceph);
    await Promise.race(["SIGINT", "SIGTERM"].map((signal) => once(process, signal)));
    return 0;
  } finally {
    await ceph.stop();
    console.error("Stopped; everything in it is gone.");
  }
}

function print({ endpoint, keys }: Awaited<ReturnType<typeof startCeph>>): void {
  const buckets = { plain: addressOf("icecore", endpoint), versioned: addressOf("versioned", endpoint) };
  if (values.json) {
    console.log(JSON.stringify({ endpoint, ...keys, buckets }));
    return;
  }
  console.log(`
export AWS_ACCESS_KEY_ID=${keys.accessKeyId} AWS_SECRET_ACCESS_KEY=${keys.secretAccessKey}
npm run icecore -- doctor --bucket '${buckets.plain}'
npm run icecore -- doctor --bucket '${buckets.versioned}'   # refused, and why
npm run demo -- --bucket '${buckets.plain}'

Ctrl-C stops it; everything is in memory.`);
}
