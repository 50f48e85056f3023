/**
 * One of the processes of folder-processes.test.ts: raises a shared counter by compare-and-swap and takes new keys until
 * SIGTERM, and writes what it knows for sure to its own log, synced, line by line. Arguments: folder, log, own name.
 */
import { fsyncSync, openSync, writeSync } from "node:fs";
import { createFolderBucket } from "../../bucket/folder.ts";
import type { Bucket, PutContent } from "../../shared/ports/bucket.ts";

const [folder = "", log = "", name = ""] = process.argv.slice(2);
const bucket = await createFolderBucket(folder);
const logFd = openSync(log, "a");
let going = true;
process.once("SIGTERM", () => {
  going = false;
});

let seen = -1;
for (let i = 0; going; i++) {
  await raise(bucket);
  if (i % 4 === 0) await take(bucket, `keys/${String(i / 4).padStart(4, "0")}.json`);
}

async function raise(from: Bucket): Promise<void> {
  const got = await from.get("counter.json");
  if (got.is !== "found") return note(`missing ${got.is}`);
  const { count } = JSON.parse(new TextDecoder().decode(got.body)) as { count: number };
  if (count < seen) note(`backwards ${seen} ${count}`);
  seen = count;
  const answer = await from.putIfMatch("counter.json", json({ count: count + 1, by: name }), got.etag);
  if (answer.is !== "refused") note(`${answer.is} ${count + 1}`);
}

async function take(from: Bucket, key: string): Promise<void> {
  const answer = await from.putIfAbsent(key, json({ by: name }));
  if (answer.is === "stored") note(`took ${key}`);
}

function json(value: object): PutContent {
  return {
    body: new TextEncoder().encode(JSON.stringify(value)),
    contentType: "application/json",
    cacheControl: "no-store",
  };
}

function note(line: string): void {
  writeSync(logFd, `${line}\n`);
  fsyncSync(logFd);
}
