/**
 * examineBucket: everything that `icecore doctor` says of a bucket: the self-test, its clock, and what the service tells of itself
 * (name, versioning, lifecycle rules). Reads and writes only below `probes/`.
 */
import type { BucketFacts, LifecycleRule } from "../ports/bucket.ts";
import { keptPrefixes } from "../wire/keys.ts";
import type { Host } from "./run.ts";
import { type Check, elsewhereFix, selfTest } from "./self-test.ts";

/** Throws StoreError when the bucket cannot be reached or may not be written. */
export async function examineBucket(host: Host): Promise<readonly Check[]> {
  const facts = await host.bucket.facts?.();
  const clock = await checkClock(host);
  const { checks } = await selfTest(host);
  const ignored = checks.some(({ verdict }) => verdict === "bad");
  return [
    ...(facts ? [checkService(facts)] : []),
    clock,
    ...checks,
    ...(facts ? [checkVersioning(facts, ignored), checkLifecycle(facts)] : []),
  ];
}

/** Dates have whole seconds; a rollup on this machine seals nothing when both clocks are further apart than maxSkew. */
async function checkClock({ bucket, platform, settings }: Host): Promise<Check> {
  const name = "clock";
  const sentAt = platform.now();
  const { date } = await bucket.list("", { limit: 1 });
  const offMs = Math.max(date - platform.now(), sentAt - (date + 1_000), 0);
  if (offMs <= settings.maxSkewMs)
    return { name, verdict: "good", what: "this machine's and the bucket's agree", fix: "" };
  return {
    name,
    verdict: "warning",
    what: `This machine's clock is ${Math.round(offMs / 1_000)} s away from the bucket's: writers correct it, but a rollup here seals nothing`,
    fix: "Set this machine's clock (NTP).",
  };
}

function checkService({ service, known }: BucketFacts): Check {
  const name = "service";
  if (known?.good) return { name, verdict: "good", what: `${service}: ${known.note}`, fix: "" };
  if (known) return { name, verdict: "warning", what: `${service}: ${known.note}`, fix: elsewhereFix };
  return {
    name,
    verdict: "warning",
    what: `${service} is not on the list of known services`,
    fix: "What was tried below holds today; try it again after each of its upgrades.",
  };
}

function checkVersioning({ versioning }: BucketFacts, ignored: boolean): Check {
  const name = "versioning";
  if (!versioning.known)
    return {
      name,
      verdict: "warning",
      what: `It may not be asked whether versioning is on (${versioning.why})`,
      fix: "Allow s3:GetBucketVersioning, or look yourself.",
    };
  if (versioning.value === "off") return { name, verdict: "good", what: "off", fix: "" };
  if (ignored)
    return {
      name,
      verdict: "bad",
      what: `Versioning is ${versioning.value}, and this service does not keep conditions on versioned buckets`,
      fix: "Make a new bucket without versioning; it cannot be taken off again, only suspended.",
    };
  return {
    name,
    verdict: "good",
    what: `${versioning.value}; the conditions hold all the same (let a lifecycle rule remove noncurrent versions)`,
    fix: "",
  };
}

function checkLifecycle({ lifecycle }: BucketFacts): Check {
  const name = "lifecycle";
  if (!lifecycle.known)
    return {
      name,
      verdict: "warning",
      what: `It may not be asked which lifecycle rules there are (${lifecycle.why})`,
      fix: "Allow s3:GetLifecycleConfiguration, or look yourself: no rule may expire a store's objects.",
    };
  const eating = lifecycle.value.filter(eatsLog);
  if (eating.length === 0)
    return { name, verdict: "good", what: "no rule touches the objects of a store", fix: "" };
  const rules = eating
    .map(({ id, does }) => `"${id.slice(0, 100)}" ${does === "expires" ? "deletes" : "archives"}`)
    .join(", ");
  return {
    name,
    verdict: "bad",
    what: `A lifecycle rule would eat the log: ${rules} objects of a store after a time`,
    fix: "Take the rule away or limit it to other prefixes; rules for noncurrent versions and unfinished uploads are fine.",
  };
}

function eatsLog({ prefix }: LifecycleRule): boolean {
  return prefix !== null && keptPrefixes.some((kept) => kept.startsWith(prefix) || prefix.startsWith(kept));
}
