/**
 * Golden bytes of every stored format ever released: what was written must be read for ever, byte for byte the same meaning.
 *
 * A golden file is never edited. When a stored format must change: write an RFC (docs/rfcs/), raise the number in its
 * `…Format` constant, keep reading the old one, and add `<name>-<number>.json`, its value and its digest beside the old.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { canonicalText } from "../../shared/json.ts";
import { appOwnerFormat } from "../../shared/wire/app-owner.ts";
import { claimFormat } from "../../shared/wire/claim.ts";
import { exportEndFormat, exportFormat } from "../../shared/wire/export.ts";
import { headFormat } from "../../shared/wire/head.ts";
import { historyFormat } from "../../shared/wire/history.ts";
import { marksFormat } from "../../shared/wire/marks.ts";
import { hashLog, parseSegment, segmentFormat } from "../../shared/wire/segment.ts";
import { parseSnapshot, snapshotFormat } from "../../shared/wire/snapshot.ts";
import { sweepFormat } from "../../shared/wire/sweep.ts";
import { updateFormat } from "../../shared/wire/update.ts";
import { goldens, sha256 } from "./values.ts";

/** SHA-256 of each golden file. Lines are added, never changed. */
const digests: Readonly<Record<string, string>> = {
  "update-1": "9c48af46b2bb626e529158d9d7b74bc08f56f408f23c259fd361140c0de5eac5",
  "segment-1": "2ca836930c0dc42c51151630111d49b2f6d7341e961cca7dbae66a20906bee4c",
  "snapshot-1": "43c5482a8f1f8958de17cb25e7f3a9f271dc599e44cfc79772c0cfce5e532433",
  "marks-1": "28847f63328f025330e9e9e45edbb7b95a42e01d9394fc12bf8a87d1a7a8c478",
  "head-1": "ff970f413e9b94469dd99a4b400cb8b36dd957a84285f3e554e32038b5b12030",
  "index-1": "d1889048419700506b03059df539a2df70738cc8a42d5ad6b7a183e83dc8f9e0",
  "sweep-1": "a1f0a67df4625f54767a8b60f68634d409807112c02c0284e88c22a03ac11f80",
  "claim-1": "21789038628500cac4475ac0c1084456498b07413de1752b04909d78e350859e",
  "app-1": "72a2aaf1cf8565f7496d52a735c81e6bdd8d4f8b33eed28ed17db60a8317c75e",
  "export-1": "7dcbafc88ce39526b98c0cd09eea964c105e865db4f16afb38c2f6e7167342ad",
  "export-end-1": "a34788d8f3a2b4eb2dca032c6da5994dfb6f2517007c52d38765a475a0511898",
};

const written = [
  updateFormat,
  segmentFormat,
  snapshotFormat,
  marksFormat,
  headFormat,
  historyFormat,
  sweepFormat,
  claimFormat,
  appOwnerFormat,
  exportFormat,
  exportEndFormat,
];

const howToChange =
  "A stored format changed. Golden files are never edited: stores in the world hold these bytes. Write an RFC, raise the number in the …Format constant, keep reading the old one, and add a golden file of the new number.";

function bytesOf(name: string): string {
  return readFileSync(new URL(`${name}.json`, import.meta.url), "utf8");
}

describe.each(goldens)("The stored format $name", ({ name, value, encoded, parse }) => {
  test("is written as exactly the golden bytes.", () => {
    expect(JSON.stringify(encoded), howToChange).toBe(bytesOf(name));
  });

  test("is read back as the value that was written.", () => {
    expect(parse(JSON.parse(bytesOf(name))), howToChange).toEqual({ ok: true, value });
  });

  test("is refused with a reason when its format is another.", () => {
    const body = { ...(JSON.parse(bytesOf(name)) as object), format: `icecore-${name}0` };
    expect(parse(body)).toEqual({ ok: false, reason: `format is "icecore-${name}0", not "icecore-${name}"` });
  });
});

test("Every format that is written today has a golden file of its number.", () => {
  const names = goldens.map(({ name }) => `icecore-${name}`);
  const missing = written.filter((format) => !names.includes(format));
  expect(missing, howToChange).toEqual([]);
});

test("No golden file was edited, and each has its value and its digest.", () => {
  const files = readdirSync(new URL(".", import.meta.url)).filter((file) => file.endsWith(".json"));
  const found = Object.fromEntries(
    files.map((file) => file.slice(0, -".json".length)).map((name) => [name, sha256(bytesOf(name))]),
  );
  expect(found, howToChange).toEqual(digests);
  expect(goldens.map(({ name }) => name).sort()).toEqual(Object.keys(digests).sort());
});

test("The golden segment's hash is the chain over its updates' timestamps and canonical bytes.", () => {
  const parsed = parseSegment(JSON.parse(bytesOf("segment-1")));
  if (!parsed.ok) throw new Error(parsed.reason);
  const { updates, fromHash, hash } = parsed.value;
  let byHand = fromHash;
  const stored = (JSON.parse(bytesOf("segment-1")) as { updates: { timestamp: string }[] }).updates;
  for (const { timestamp, ...update } of stored)
    byHand = sha256(`${byHand}${timestamp} ${canonicalText(update)}`);
  expect(hash).toBe(byHand);
  expect(hashLog(fromHash, updates, sha256)).toBe(byHand);
});

test("The golden snapshot's state hash is the hash of the state's canonical text.", () => {
  const parsed = parseSnapshot(JSON.parse(bytesOf("snapshot-1")));
  if (!parsed.ok) throw new Error(parsed.reason);
  expect(parsed.value.stateHash).toBe(sha256(canonicalText(parsed.value.state)));
});
