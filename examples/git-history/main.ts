/**
 * `npm run demo -- [--repo PATH] [--bucket URL] [--store ID] [--seed N] [--json] [--keep]`: arguments in, report out.
 *
 * Exit codes: 0 everything matches, 1 something does not or went wrong, 130 stopped by Ctrl-C.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { StoreError } from "../../shared/errors.ts";
import { parseStoreId, type StoreId, storeIdRule } from "../../shared/wire/ids.ts";
import { openRepository } from "./git.ts";
import { nextSteps } from "./next-steps.ts";
import { createProgress } from "./progress.ts";
import { isGood, toJson, toLines } from "./report.ts";
import { runDemo } from "./run.ts";
import { makeSample } from "./sample.ts";

// The SDK's version is pinned by the lockfile: what it says of the future of this Node is no news to who runs the demo.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

const program = new Command("npm run demo --")
  .description("Turns a git history into updates, rolls them up, replays them afresh and compares.")
  .option("--repo <path>", "a git repository, bare ones too (default: icecore's own)")
  .option(
    "--bucket <url>",
    "s3://BUCKET?endpoint=URL, folder:PATH or memory:NAME (default: a new temporary folder)",
  )
  .option("--store <id>", "the new store's id", toStoreId, "git-history" as StoreId)
  .option("--seed <n>", "chooses the commits that are compared", toSeed)
  .option("--json", "one JSON object instead of a table")
  .option("--keep", "keep the temporary folder, to look around in it")
  .allowExcessArguments(false);

type Options = ReturnType<typeof program.opts>;

process.exitCode = await main(program.parse().opts());

async function main(options: Options): Promise<number> {
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  const folders: string[] = [];
  const newFolder = async (): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), "icecore-git-history-"));
    folders.push(folder);
    return folder;
  };
  try {
    return await demo(options, {
      signal: stop.signal,
      newFolder,
      keep: (folder) => folders.splice(folders.indexOf(folder), 1),
    });
  } catch (error) {
    return tell(error);
  } finally {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  }
}

interface Surroundings {
  readonly signal: AbortSignal;
  /** A folder that is gone at the end, unless it is kept. */
  readonly newFolder: () => Promise<string>;
  readonly keep: (folder: string) => void;
}

async function demo(options: Options, { signal, newFolder, keep }: Surroundings): Promise<number> {
  const repo = options.repo ?? (await ownRepository(newFolder));
  const folder = options.bucket === undefined ? await newFolder() : undefined;
  const bucketUrl = options.bucket ?? `folder:${folder}`;
  if (folder !== undefined && options.keep) keep(folder);
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 32);
  say(`bucket ${bucketUrl}, store ${options.store}, seed ${seed}`);
  const progress = createProgress(process.stderr);
  try {
    const report = await runDemo({ repo, bucketUrl, store: options.store, seed, signal, progress });
    if (options.json) process.stdout.write(`${toJson(report)}\n`);
    else
      process.stdout.write(
        `${[...toLines(report), ...ending(report, folder, options.keep === true)].join("\n")}\n`,
      );
    return isGood(report) ? 0 : 1;
  } catch (error) {
    progress.stop();
    if (!signal.aborted) throw error;
    if (folder !== undefined) keep(folder);
    say(
      `Stopped. What was acknowledged is kept in ${bucketUrl}, store ${options.store}; a new run needs another store or folder.`,
    );
    return 130;
  }
}

/** The checkout that this file is in; a sample history where that has none, as after a download without git. */
async function ownRepository(newFolder: () => Promise<string>): Promise<string> {
  const checkout = fileURLToPath(new URL("../../", import.meta.url));
  const usable =
    existsSync(join(checkout, ".git")) && (await openRepository(checkout).catch(() => undefined));
  if (usable) return checkout;
  const folder = await newFolder();
  await makeSample(folder);
  say("This copy of icecore has no git history, so a small sample history is used; --repo takes any other.");
  return folder;
}

function ending(
  report: Parameters<typeof nextSteps>[0],
  folder: string | undefined,
  keep: boolean,
): readonly string[] {
  if (report.bucket.startsWith("memory:")) return [];
  if (folder === undefined || keep) return ["", ...nextSteps(report)];
  return ["", "The temporary folder is removed now; --keep keeps it to look around in."];
}

/** Expected trouble as its text, our own bugs with their place. */
function tell(error: unknown): number {
  if (error instanceof StoreError) say(`error: ${error.message}`);
  else say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return 1;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function toStoreId(text: string): StoreId {
  const store = parseStoreId(text);
  if (store === undefined) throw new InvalidArgumentError(`${storeIdRule}.`);
  return store;
}

function toSeed(text: string): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) >= 2 ** 32)
    throw new InvalidArgumentError("a seed is a whole number from 0 to 4294967295.");
  return Number(text);
}
