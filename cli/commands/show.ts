/** icecore show: one object of the bucket, readable, or what is wrong with it. */
import type { Command } from "@commander-js/extra-typings";
import { decodeBody } from "../../shared/drive/body.ts";
import type { Host } from "../../shared/drive/run.ts";
import { StoreError } from "../../shared/errors.ts";
import { noHead } from "../../shared/log/troubles.ts";
import { parseHeadKey } from "../../shared/wire/keys.ts";
import { toTimestamp } from "../../shared/wire/time.ts";
import { describeObject, isKnownPlace, kindOf } from "../describe.ts";
import { UsageError } from "../errors.ts";
import type { CommandIo } from "../io.ts";
import { bytesText } from "../numbers.ts";
import { quoted, safeText, table } from "../screen.ts";
import { bucketCommand, openHost } from "../session.ts";
import { timeWithAge } from "../time.ts";

/** About two screens; --full prints the rest. */
const linesMax = 80;
const lineMax = 400;

export function addShow(program: Command, io: CommandIo): void {
  bucketCommand(program, "show", "print any object: a head, update, segment, snapshot, marks or index")
    .argument("<key>", "the object's key, as `icecore head` and `icecore verify` print it")
    .option("--full", "print all of it")
    .option("-s, --store <id>", "not needed: a key names its store")
    .addHelpText(
      "after",
      "\nExamples:\n  $ icecore show heads/main.json --bucket folder:./data\n  $ icecore show segments/main/20261121T090503.209Z-r12-….json --full",
    )
    .action(async (key, options) => {
      if (!isKnownPlace(key))
        throw new UsageError(
          `${quoted(key, 100)} is no key of a store's object`,
          'Keys look like "heads/main.json" or "updates/main/20261121T090503.209Z-….json".',
        );
      const host = await openHost(io, options);
      const shown = await readShown(host, key);
      if (shown.fault !== null) io.finish(1);
      if (io.json) io.screen.json({ key, ...shown });
      else printShown(io, key, { ...shown, full: options.full === true });
    });
}

interface Shown {
  readonly kind: string;
  readonly storedBytes: number | null;
  readonly jsonBytes: number | null;
  readonly lastModified: string | null;
  readonly about: string | null;
  readonly fault: string | null;
  /** Its JSON; or its first characters, as text, where it is none. */
  readonly body: unknown;
}

async function readShown(host: Host, key: string): Promise<Shown> {
  const { objectBytesMax } = host.settings;
  const answer = await host.bucket.get(key, { bytesMax: objectBytesMax });
  if (answer.is === "absent" || answer.is === "unchanged") throw absent(key, host.bucket.name);
  const found = answer.is === "found" ? answer : null;
  const facts = {
    storedBytes: found ? found.body.length : answer.is === "tooLarge" ? answer.bytes : null,
    lastModified: found ? new Date(found.lastModified).toISOString() : null,
  };
  const read = await decodeBody(answer, host.platform, objectBytesMax, host.settings);
  if (read.is === "absent") throw absent(key, host.bucket.name);
  if (read.is === "unreadable")
    return { ...facts, kind: kindOf(key), jsonBytes: null, about: null, fault: read.reason, body: read.text };
  return { ...facts, ...describeObject(key, read.json), jsonBytes: read.bytes, body: read.json };
}

function printShown(
  { screen, platform }: CommandIo,
  key: string,
  shown: Shown & { readonly full: boolean },
): void {
  const { paint } = screen;
  const { kind, storedBytes, jsonBytes, lastModified, about, fault } = shown;
  const size = `${storedBytes === null ? "?" : bytesText(storedBytes)}${jsonBytes !== null && jsonBytes !== storedBytes ? `, ${bytesText(jsonBytes)} unpacked` : ""}`;
  const rows = [
    ["object", key],
    ["kind", kind],
    [
      "stored",
      `${size}${lastModified === null ? "" : `, ${timeWithAge(toTimestamp(Date.parse(lastModified)), platform.now())}`}`,
    ],
    ...(about === null ? [] : [["holds", about]]),
  ];
  for (const line of table(rows, [paint.bold])) screen.line(line);
  if (fault !== null) screen.line(paint.red(`It cannot be used: ${safeText(fault, 500)}`));
  screen.line();
  const text = typeof shown.body === "string" ? shown.body : JSON.stringify(shown.body, null, 2);
  const lines = text.split("\n");
  for (const line of shown.full ? lines : lines.slice(0, linesMax))
    screen.line(safeText(line, shown.full ? undefined : lineMax));
  const left = lines.length - linesMax;
  if (!shown.full && left > 0) screen.line(paint.dim(`… ${left} more lines: --full prints them`));
}

function absent(key: string, bucket: string): StoreError {
  const store = parseHeadKey(key);
  if (store) return new StoreError(noHead(store));
  return new StoreError({
    kind: "rejected",
    what: `There is no object ${key} in ${bucket}`,
    fix: 'Check the key; published raw updates are deleted, their updates are in segments ("icecore log").',
    key,
  });
}
