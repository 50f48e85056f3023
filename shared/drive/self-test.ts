/**
 * selfTest: asks a bucket itself whether the protocol may stand on it (docs/protocol.md, "What is assumed").
 *
 * Names and documents of a service tell little: releases differ, and versioning changes the answers. So each assumption is tried, on
 * objects of its own below `probes/`, which are removed again: conditions that hold one after another and at once, order and pages of
 * lists, deletes. An unknown answer is no verdict, it is asked again under a new name; nor is one refusal of a new name, which may be
 * an own success that somebody on the way sent twice.
 */
import { StoreError } from "../errors.ts";
import type { Bucket, IfMatchSpelling, PutContent, WriteAnswer } from "../ports/bucket.ts";
import { probesPrefix } from "../wire/keys.ts";
import type { Host } from "./run.ts";

export interface Check {
  /** What was looked at, e.g. "If-None-Match". */
  readonly name: string;
  /** "bad": no store may be made here. */
  readonly verdict: "good" | "warning" | "bad";
  /** One sentence without a full stop. */
  readonly what: string;
  /** What to do, one sentence; "" where all is well. */
  readonly fix: string;
}

export interface SelfTest {
  readonly checks: readonly Check[];
  /** How swaps had to spell etags; for the head. */
  readonly ifMatch: IfMatchSpelling;
}

/** Enough to catch a service whose nodes do not agree, few enough to be over at once. */
const raceWidth = 8;
const racesRun = 3;
/** Answers that say nothing are asked for again so often. */
const askedMax = 5;

export const elsewhereFix =
  "Use a bucket whose conditions hold, such as one of Amazon S3, Cloudflare R2, MinIO, or Ceph without versioning.";

/** Throws StoreError when the bucket cannot be reached or may not be written. */
export async function selfTest(host: Host): Promise<SelfTest> {
  const probe = createProbe(host);
  try {
    const checks = [
      ...(await checkConditions(probe)),
      ...(await checkRaces(probe)),
      ...(await checkLists(probe)),
      ...(await checkDeletes(probe)),
    ];
    return { checks, ifMatch: host.bucket.ifMatch?.() ?? "quoted" };
  } finally {
    await probe.remove();
  }
}

/** Throws StoreError "incompatible" unless a store may be kept here. Answers how to spell If-Match. */
export async function requireFitBucket(host: Host): Promise<IfMatchSpelling> {
  const { checks, ifMatch } = await selfTest(host);
  const bad = checks.filter(({ verdict }) => verdict === "bad");
  const first = bad[0];
  if (!first) return ifMatch;
  throw new StoreError({
    kind: "incompatible",
    what: `${host.bucket.name} cannot hold a store: ${bad.map(({ what }) => what).join("; ")}`,
    fix: first.fix,
  });
}

interface Probe {
  readonly bucket: Bucket;
  /** A key that nobody ever used. */
  newKey(): string;
  /** Every key so far begins with it. */
  readonly prefix: string;
  content(text: string): PutContent;
  textOf(body: Uint8Array): string;
  remove(): Promise<void>;
}

function createProbe({ bucket, platform }: Host): Probe {
  const prefix = probesPrefix(platform.newNonce());
  const keys: string[] = [];
  return {
    bucket,
    prefix,
    newKey() {
      const key = `${prefix}${String(keys.length + 1).padStart(3, "0")}.json`;
      keys.push(key);
      return key;
    },
    content: (text) => ({
      body: platform.encodeText(JSON.stringify({ format: "icecore-probe-1", text })),
      contentType: "application/json",
      cacheControl: "no-store",
    }),
    textOf: (body) => platform.decodeText(body),
    async remove() {
      if (keys.length > 0) await bucket.delete(keys);
    },
  };
}

const good = (name: string, what: string): Check => ({ name, verdict: "good", what, fix: "" });
const bad = (name: string, what: string, fix = elsewhereFix): Check => ({ name, verdict: "bad", what, fix });

/** A new object with its etag; null where the bucket does not even take one. */
async function newObject(probe: Probe): Promise<{ readonly key: string; readonly etag: string } | null> {
  for (let asked = 0; asked < askedMax; asked++) {
    const key = probe.newKey();
    const answer = await probe.bucket.putIfAbsent(key, probe.content("first"));
    if (answer.is === "stored") return { key, etag: answer.etag };
  }
  return null;
}

/** The answer to a write that may be repeated; "unknown" only when nothing else ever came. */
async function clear(write: () => Promise<WriteAnswer>): Promise<WriteAnswer["is"]> {
  for (let asked = 1; ; asked++) {
    const { is } = await write();
    if (is !== "unknown" || asked >= askedMax) return is;
  }
}

/** Each condition, once where it holds and once where it does not. */
async function checkConditions(probe: Probe): Promise<readonly Check[]> {
  const object = await newObject(probe).catch(refusal);
  if (object === null || object instanceof StoreError)
    return [bad("new objects", object?.message ?? "a new object was refused or never clearly stored")];
  return [await checkIfNoneMatch(probe, object.key), ...(await checkIfMatch(probe))];
}

/** "Not implemented" is an answer to the question; what else is thrown is not. */
function refusal(error: unknown): StoreError {
  if (error instanceof StoreError && error.kind === "incompatible") return error;
  throw error;
}

async function checkIfNoneMatch(probe: Probe, key: string): Promise<Check> {
  const name = "If-None-Match";
  const again = await clear(() => probe.bucket.putIfAbsent(key, probe.content("second")));
  const read = await probe.bucket.get(key);
  const kept = read.is === "found" && probe.textOf(read.body).includes("first");
  if (again === "refused" && kept) return good(name, "a second writer of a new object is refused (412)");
  return bad(name, "it ignores If-None-Match: an object that was there was overwritten, and nobody was told");
}

async function checkIfMatch(probe: Probe): Promise<readonly Check[]> {
  const name = "If-Match";
  const object = await newObject(probe);
  if (!object) return [bad(name, "a second new object was refused")];
  const { key, etag } = object;
  const swap = (text: string, given: string, at = key) =>
    probe.bucket.putIfMatch(at, probe.content(text), given);
  const right = await swap("second", etag);
  if (right.is !== "stored")
    return [bad(name, "it refuses If-Match with the object's own etag, so a head could never be replaced")];
  const stale = await clear(() => swap("third", etag));
  if (stale !== "refused") return [bad(name, "it ignores If-Match: a stale etag replaced a newer object")];
  const absent = await clear(() => swap("none", right.etag, probe.newKey()));
  if (absent === "stored") return [bad(name, "it ignores If-Match where there is no object")];
  const unchanged = await probe.bucket.get(key, { ifNoneMatch: right.etag });
  const spelt = probe.bucket.ifMatch?.() === "unquoted" ? ", etags spelt without quotes" : "";
  return [
    good(name, `a swap holds with the right etag and is refused with a stale one${spelt}`),
    unchanged.is === "unchanged"
      ? good("304", "a read of what has not changed costs no download")
      : {
          name: "304",
          verdict: "warning",
          what: "a read with If-None-Match downloads what has not changed",
          fix: "Everything works, but each idle poll costs a download of the head.",
        },
  ];
}

/** One after another conditions may hold that do not hold at once. */
async function checkRaces(probe: Probe): Promise<readonly Check[]> {
  const name = "races";
  for (let race = 0; race < racesRun; race++) {
    const key = probe.newKey();
    const created = await winners((i) =>
      probe.bucket.putIfAbsent(key, probe.content(`creator ${race} ${i}`)),
    );
    if (created > 1)
      return [bad(name, `${created} of ${raceWidth} concurrent writers of one new object all won`)];
    const object = await newObject(probe);
    if (!object) continue;
    const swapped = await winners((i) =>
      probe.bucket.putIfMatch(object.key, probe.content(`swapper ${race} ${i}`), object.etag),
    );
    if (swapped > 1) return [bad(name, `${swapped} of ${raceWidth} concurrent swaps of one object all won`)];
  }
  return [good(name, `of ${raceWidth} concurrent writers one wins`)];
}

async function winners(write: (i: number) => Promise<WriteAnswer>): Promise<number> {
  const answers = await Promise.all(Array.from({ length: raceWidth }, (_, i) => write(i).catch(refusal)));
  return answers.filter((answer) => "is" in answer && answer.is === "stored").length;
}

const ends = ["A", "a", "a-b", "a/b", "b"];

/** Order of the bytes, a start after any text, whole pages, and all of it right after the writes. */
async function checkLists(probe: Probe): Promise<readonly Check[]> {
  const { bucket } = probe;
  const prefix = `${probe.prefix}list/`;
  const keys = ends.map((end) => `${prefix}${end}.json`).sort();
  try {
    for (const key of [...keys].reverse())
      await clear(() => bucket.putIfAbsent(key, probe.content("listed")));
    const keysOf = async (options: Parameters<Bucket["list"]>[1]) =>
      (await bucket.list(prefix, options)).objects.map(({ key }) => key);
    const fault =
      (await differs(
        keys,
        () => keysOf({}),
        "a list is not in the order of the keys' bytes, or misses new objects",
      )) ??
      (await differs(
        keys.slice(2),
        () => keysOf({ after: keys[1] ?? "" }),
        "a list does not start right after a key",
      )) ??
      (await differs(
        keys,
        () => keysOf({ after: `${prefix}!` }),
        "a list does not start after a text that is no key",
      )) ??
      (await differs(keys, () => inPages(bucket, prefix), "a list's pages do not add up to the list"));
    return [
      fault === undefined
        ? good("lists", "in order, from any start, page by page, at once after a write")
        : bad("lists", fault),
    ];
  } finally {
    await bucket.delete(keys);
  }
}

async function differs(
  expected: readonly string[],
  list: () => Promise<readonly string[]>,
  fault: string,
): Promise<string | undefined> {
  const found = await list();
  return found.length === expected.length && found.every((key, i) => key === expected[i]) ? undefined : fault;
}

async function inPages(bucket: Bucket, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for (;;) {
    const page = await bucket.list(prefix, { after: keys.at(-1) ?? "", limit: 2 });
    keys.push(...page.objects.map(({ key }) => key));
    // Never more than there are: a start that is not kept would go on for ever.
    if (!page.more || page.objects.length === 0 || keys.length > 2 * ends.length) return keys;
  }
}

/** A deleted key is absent and free again, which a versioned bucket may see otherwise. */
async function checkDeletes(probe: Probe): Promise<readonly Check[]> {
  const name = "deletes";
  const object = await newObject(probe);
  if (!object) return [];
  await probe.bucket.delete([object.key]);
  if ((await probe.bucket.get(object.key)).is !== "absent")
    return [bad(name, "a deleted object can still be read")];
  const anew = await clear(() => probe.bucket.putIfAbsent(object.key, probe.content("anew")));
  return [
    anew === "stored"
      ? good(name, "a deleted object is gone at once")
      : {
          name,
          verdict: "warning",
          what: "a deleted key cannot be written anew",
          fix: "Stores work; icecore never needs that.",
        },
  ];
}
