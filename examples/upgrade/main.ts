/**
 * `npm run demo:upgrade`: an old client with queued work meets a newer model, and a client's stored state is damaged on purpose. What the
 * old one does not know waits in order; it says "upgrade"; nothing is lost; the damage is found and repaired.
 */
import assert from "node:assert/strict";
import { Command } from "@commander-js/extra-typings";
import { createMemoryBucket } from "../../bucket/memory.ts";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import type { Local } from "../../client/local/local.ts";
import { memoryLocal } from "../../client/local/memory.ts";
import { openStore } from "../../client/open-store.ts";
import { bucketRemote } from "../../client/remote/bucket.ts";
import { createRollup } from "../../shared/drive/rollup.ts";
import { createStore, scanLog } from "../../shared/drive/store.ts";
import type { Model } from "../../shared/model/model.ts";
import { newSettings } from "../../shared/settings.ts";
import { parseStoreId, type StoreId } from "../../shared/wire/ids.ts";
import { optionsOf } from "../program.ts";
import { notesOne, notesTwo } from "./models.ts";

optionsOf(
  new Command("npm run demo:upgrade --").description(
    "An old client with queued work meets a newer model; a stored state is damaged and repaired. All in memory, in seconds.",
  ),
);
const platform = createNodePlatform();
const settings = newSettings({ graceMs: 0, snapshotBytesMin: 1 });
const bucket = createMemoryBucket();
const host = { bucket, platform, settings };
const storeId = parseStoreId("notes") as StoreId;
const remote = bucketRemote(bucket, platform, settings);

await createStore(host, storeId);
await main();

async function main(): Promise<void> {
  const oldLocal = memoryLocal();
  say("1. An app of model version 1 makes three notes; a rollup of version 1 publishes them.");
  let old = openOne(oldLocal);
  for (const id of ["a", "b", "c"]) old.do.addNote({ id, text: `note ${id}` });
  await old.sync.now();
  await rollup(notesOne);
  await old.sync.now();
  tell("old", old);
  await old.close();

  say("2. It goes offline and makes three more.");
  old = openStore({ model: notesOne, storeId, local: oldLocal, platform });
  await old.loaded;
  for (const id of ["d", "e", "f"]) old.do.addNote({ id, text: `note ${id}` });
  tell("old", old);
  await old.close();

  say("3. Meanwhile an app of version 2 gives stars; the rollup is of version 2 now.");
  const young = openTwo(memoryLocal());
  // Until a rollup of its version has run there is no state for it to begin from.
  await young.sync.now().catch(() => undefined);
  await rollup(notesTwo);
  await young.sync.now();
  young.do.setStars({ id: "a", stars: 5 });
  young.do.addNote({ id: "z", text: "with stars", stars: 3 });
  await young.sync.now();
  await rollup(notesTwo);
  await young.sync.now();
  tell("young", young);

  say("4. The old app comes back: what it made is sent; what it does not know waits, and it says so.");
  old = openOne(oldLocal);
  await old.sync.now().catch(() => undefined);
  tell("old", old);
  assert.equal(old.sync.status.phase, "upgrade");
  assert.equal(old.state.notes.size, 6);
  await old.close();

  say("5. It is upgraded: the same local storage, model version 2.");
  await rollup(notesTwo);
  const upgraded = openTwo(oldLocal);
  await upgraded.loaded;
  await upgraded.sync.now();
  await young.sync.now();
  tell("upgraded", upgraded);
  assert.equal(upgraded.sync.status.pending, 0);
  assert.deepEqual([...upgraded.state.notes], [...young.state.notes]);
  await upgraded.close();

  say("6. Its stored state is damaged on purpose: a note is missing.");
  await damage(oldLocal);
  const damaged = openTwo(oldLocal);
  await damaged.loaded;
  say(`   damaged: ${damaged.state.notes.size} notes`);
  await damaged.sync.now();
  tell("repaired", damaged);
  assert.notEqual(damaged.sync.status.divergence, null);
  assert.deepEqual([...damaged.state.notes], [...young.state.notes]);
  await damaged.close();
  await young.close();

  const made = 8;
  const published = await countActions();
  say(`actions made ${made}, in the log ${published}, lost ${made - published}`);
  assert.equal(published, made);
}

function openOne(local: Local) {
  return openStore({ model: notesOne, storeId, remote, local, platform, settings });
}

function openTwo(local: Local) {
  return openStore({
    model: notesTwo,
    storeId,
    remote,
    local,
    platform,
    settings: { ...settings, divergenceCheckMs: 0 },
  });
}

async function rollup(model: unknown): Promise<void> {
  await platform.wait(5);
  const once = createRollup(host, { store: storeId, model: model as Model<unknown> });
  while ((await once.round({ hint: true })).more);
}

/** What a bug, a bad disk or a curious user may do. */
async function damage(local: Local): Promise<void> {
  const rows = await local.open(storeId);
  const base = (await rows.load()).get("base") ?? "";
  const parsed = JSON.parse(base) as { state: { notes: Record<string, unknown> } };
  const { a: _, ...rest } = parsed.state.notes;
  parsed.state.notes = rest;
  await rows.commit({ put: new Map([["base", JSON.stringify(parsed)]]), delete: [] });
  await rows.close();
}

async function countActions(): Promise<number> {
  let count = 0;
  await scanLog(host, {
    store: storeId,
    onRange: ({ updates }) => {
      for (const { actions } of updates) count += actions.length;
    },
  });
  return count;
}

interface Told {
  readonly state: { readonly notes: { readonly size: number } };
  readonly sync: {
    readonly status: {
      readonly phase: string;
      readonly pending: number;
      readonly divergence: unknown;
      readonly error: Error | null;
    };
  };
}

function tell(name: string, { state, sync: { status } }: Told): void {
  const diverged = status.divergence === null ? "" : ", divergence found and repaired";
  const why = status.error === null ? "" : `\n   ${status.error.message}`;
  say(
    `   ${name}: ${state.notes.size} notes, status "${status.phase}", ${status.pending} pending${diverged}${why}`,
  );
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
