/** The command line of a stress run. */
import { Command } from "@commander-js/extra-typings";
import { optionsOf, whole } from "../../examples/program.ts";

export interface StressOptions {
  readonly seconds: number;
  readonly writers: number;
  readonly rollups: number;
  /** Undefined: a folder bucket in a temporary folder. */
  readonly bucket: string | undefined;
  readonly store: string | undefined;
  readonly blowsEveryMs: number;
  readonly seed: number;
  readonly behead: boolean;
  readonly json: boolean;
}

const help = `
Writers (each with a journal for its local storage), rollups and a garbage collector work on one store at once; each is killed with
-9, stopped and continued at random. Then a fresh reader compares: acknowledged = replayed, in order, and verify holds.

Examples:
  $ npm run stress -- --seconds 60 --writers 8 --rollups 2
  $ npm run stress -- --seconds 60 --bucket 's3://icecore?endpoint=http://127.0.0.1:7480'
  $ npm run stress -- --seconds 30 --behead     # the head is deleted half-way, and recovered`;

export function parseOptions(args: readonly string[]): StressOptions {
  const program = new Command("npm run stress --")
    .description("Many processes at one store, killed and stopped at random; then everything is counted.")
    .option("--seconds <n>", "how long they work", whole(1), 60)
    .option("--writers <n>", "writer processes", whole(1), 8)
    .option("--rollups <n>", "rollup processes", whole(1), 2)
    .option("--bucket <url>", "s3://… or folder:PATH (default: a temporary folder)")
    .option("--store <id>", "a new store's id (default: one of its own)")
    .option("--blows-every-ms <n>", "somebody is killed or stopped this often", whole(10), 700)
    .option("--seed <n>", "of the blows", whole(0), Math.floor(Math.random() * 2 ** 31))
    .option("--behead", "delete the head half-way; when every process says so, recover", false)
    .option("--json", "print JSON beside the last line", false)
    .addHelpText("after", help);
  const options = optionsOf(program, args);
  return { ...options, bucket: options.bucket, store: options.store };
}
