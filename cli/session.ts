/** What most commands begin with: the options they share, and the bucket and store that these name. */
import { existsSync } from "node:fs";
import { type Command, Option } from "@commander-js/extra-typings";
import { openBucket } from "../bucket/url.ts";
import type { Host } from "../shared/drive/run.ts";
import { StoreError } from "../shared/errors.ts";
import { newSettings, type Settings } from "../shared/settings.ts";
import { parseStoreId, type StoreId, storeIdRule } from "../shared/wire/ids.ts";
import { UsageError, whatOf } from "./errors.ts";
import type { CommandIo } from "./io.ts";
import { quoted } from "./screen.ts";

export interface BucketOptions {
  readonly bucket?: string | undefined;
  readonly json?: true | undefined;
}

export interface StoreOptions extends BucketOptions {
  readonly store: string;
}

export interface Session {
  readonly host: Host;
  readonly store: StoreId;
}

const bucketHelp = "s3://BUCKET/PREFIX?endpoint=URL&region=NAME, folder:PATH or memory:NAME";

export function bucketCommand(program: Command, name: string, description: string) {
  return program
    .command(name)
    .description(description)
    .addOption(new Option("-b, --bucket <url>", bucketHelp).env("ICECORE_BUCKET"))
    .option("--json", "print JSON for programs, errors too");
}

export function storeCommand(program: Command, name: string, description: string) {
  return bucketCommand(program, name, description).addOption(
    new Option("-s, --store <id>", "the store in the bucket").env("ICECORE_STORE").default("main"),
  );
}

/** Opens the bucket; `maybeNew` where its folder need not be there yet. */
export async function openHost(
  io: CommandIo,
  { bucket: url }: BucketOptions,
  options: { readonly maybeNew?: boolean; readonly settings?: Partial<Settings> } = {},
): Promise<Host> {
  if (url === undefined || url === "")
    throw new UsageError(
      "No bucket was named",
      "Give --bucket s3://… or folder:PATH, or set ICECORE_BUCKET.",
    );
  const { platform, signal } = io;
  const bucket = await openBucket(url, platform, { signal }).catch(refuseUrl);
  if (!options.maybeNew) requireFolder(bucket.name);
  const host = { bucket, platform, settings: newSettings(options.settings), signal };
  io.noteHost(host);
  return host;
}

export async function openSession(
  io: CommandIo,
  options: StoreOptions,
  more: Parameters<typeof openHost>[2] = {},
): Promise<Session> {
  const store = toStoreId(options.store);
  return { host: await openHost(io, options, more), store };
}

/** A store id from outside, shown shortened and without control characters when it is none. */
export function toStoreId(text: string): StoreId {
  const store = parseStoreId(text);
  if (store !== undefined) return store;
  throw new UsageError(`${quoted(text, 60)} is no store id`, `Give --store another one: ${storeIdRule}.`);
}

function refuseUrl(error: unknown): never {
  if (!(error instanceof StoreError) || error.kind !== "rejected") throw error;
  throw new UsageError(whatOf(error), error.fix);
}

/** An absent folder would look like an empty bucket, and a mistyped path like a lost store. */
function requireFolder(name: string): void {
  const path = name.startsWith("folder:") ? name.slice("folder:".length) : undefined;
  if (path === undefined || existsSync(path)) return;
  throw new StoreError({
    kind: "unavailable",
    what: `There is no folder ${path}, so no bucket`,
    fix: 'Check the path; a new bucket is made by "icecore init" or by the first writer.',
  });
}
