/**
 * selfTest: asks a bucket itself whether the protocol may stand on it (docs/protocol.md, "What is assumed").
 *
 * Names and documents of a service tell little: releases differ, and versioning changes the answers. So each assumption is tried, on
 * objects of its own below `probes/`, which are removed again: conditions that hold one after another and at once, order and pages of
 * lists, deletes. An unclear answer is no verdict (self-test-probe.ts): a good bucket is never called bad.
 */
import { StoreError } from "../errors.ts";
import type { Bucket, IfMatchSpelling, WriteAnswer } from "../ports/bucket.ts";
import type { Host } from "./run.ts";
import { clear, createProbe, newObject, type Probe, swapped } from "./self-test-probe.ts";

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

export const elsewhereFix =
  "Use a bucket whose conditions hold, such as one of Amazon S3, Cloudflare R2, MinIO, or Ceph without versioning.";

/** Throws StoreError when the bucket cannot be reached or may not be written. */
export async function selfTest(host: Host): Promise<SelfTest> {
  const { platform, settings } = host;
  const probe = createProbe(host);
  const begun = platform.now();
  try {
    const checks = [
      ...(await checkConditions(probe)),
      ...(await checkRaces(probe)),
      ...(await checkLists(probe)),
      ...(await checkDeletes(probe)),
    ];
    // Others remove probes that are so old.
    if (platform.now() - begun > settings.probesKeptMs / 2) throw stoodStill(host.bucket.name);
    return { checks, ifMatch: host.bucket.ifMatch?.() ?? "quoted" };
  } finally {
    await probe.remove();
  }
}

function stoodStill(bucket: string): StoreError {
  return new StoreError({
    kind: "unavailable",
    what: `The self-test of ${bucket} took so long that its objects may have been removed meanwhile`,
    fix: "Try again.",
  });
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

const good = (name: string, what: string): Check => ({ name, verdict: "good", what, fix: "" });
const bad = (name: string, what: string, fix = elsewhereFix): Check => ({ name, verdict: "bad", what, fix });

/** Each condition, once where it holds and once where it does not. */
async function checkConditions(probe: Probe): Promise<readonly Check[]> {
  const object = await newObject(probe, "first").catch(refusal);
  if (object === null || object instanceof StoreError)
    return [bad("new objects", object?.message ?? "a new object was refused, though nothing was there")];
  return [await checkIfNoneMatch(probe, object.key), ...(await checkIfMatch(probe))];
}

/** "Not implemented" is an answer to the question; what else is thrown is not. */
function refusal(error: unknown): StoreError {
  if (error instanceof StoreError && error.kind === "incompatible") return error;
  throw error;
}

async function checkIfNoneMatch(probe: Probe, key: string): Promise<Check> {
  const name = "If-None-Match";
  const again = await clear(probe, () => probe.bucket.putIfAbsent(key, probe.content("second")));
  const kept = await probe.isThere(key, "first");
  if (again === "refused" && kept !== null)
    return good(name, "a second writer of a new object is refused (412)");
  return bad(name, "it ignores If-None-Match: an object that was there was overwritten, and nobody was told");
}

async function checkIfMatch(probe: Probe): Promise<readonly Check[]> {
  const name = "If-Match";
  const object = await newObject(probe, "first");
  if (!object) return [bad(name, "a second new object was refused")];
  const { key, etag } = object;
  const right = await swapped(probe, object, "second");
  if (right === null)
    return [bad(name, "it refuses If-Match with the object's own etag, so a head could never be replaced")];
  const swap = (at: string, given: string) =>
    clear(probe, () => probe.bucket.putIfMatch(at, probe.content("third"), given));
  const stale = await swap(key, etag);
  if (stale !== "refused" || (await probe.isThere(key, "second")) === null)
    return [bad(name, "it ignores If-Match: a stale etag replaced a newer object")];
  const absent = await swap(probe.newKey(), right);
  if (absent === "stored") return [bad(name, "it ignores If-Match where there is no object")];
  const spelt = probe.bucket.ifMatch?.() === "unquoted" ? ", etags spelt without quotes" : "";
  return [
    good(name, `a swap holds with the right etag and is refused with a stale one${spelt}`),
    await checkUnchanged(probe, key, right),
  ];
}

async function checkUnchanged({ bucket }: Probe, key: string, etag: string): Promise<Check> {
  const read = await bucket.get(key, { ifNoneMatch: etag });
  if (read.is === "unchanged") return good("304", "a read of what has not changed costs no download");
  return {
    name: "304",
    verdict: "warning",
    what: "a read with If-None-Match downloads what has not changed",
    fix: "Everything works, but each idle poll costs a download of the head.",
  };
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
    const object = await newObject(probe, `race ${race}`);
    if (!object) continue;
    const replaced = await winners((i) =>
      probe.bucket.putIfMatch(object.key, probe.content(`swapper ${race} ${i}`), object.etag),
    );
    if (replaced > 1)
      return [bad(name, `${replaced} of ${raceWidth} concurrent swaps of one object all won`)];
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
      await clear(probe, () => bucket.putIfAbsent(key, probe.content("listed")));
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
        keys.slice(1),
        () => keysOf({ after: `${prefix}a-` }),
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
  const object = await newObject(probe, "deleted");
  if (!object) return [];
  const { key } = object;
  await probe.bucket.delete([key]);
  if ((await probe.bucket.get(key)).is !== "absent") return [bad(name, "a deleted object can still be read")];
  const anew = await clear(probe, () => probe.bucket.putIfAbsent(key, probe.content("anew")));
  if (anew === "stored" || (await probe.isThere(key, "anew")) !== null)
    return [good(name, "a deleted object is gone at once")];
  return [
    {
      name,
      verdict: "warning",
      what: "a deleted key cannot be written anew",
      fix: "Stores work; icecore never needs that.",
    },
  ];
}
