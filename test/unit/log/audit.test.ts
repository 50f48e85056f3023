/** The audit over whole stores in memory: one sound store, and each kind of damage done to it behind the protocol's back. */
import { describe, expect, it } from "vitest";
import { createMemoryBucket } from "../../../bucket/memory.ts";
import { auditStore } from "../../../shared/drive/audit.ts";
import { readStoreHead } from "../../../shared/drive/store.ts";
import { canonicalText, type Json, type JsonObject } from "../../../shared/json.ts";
import type { Model } from "../../../shared/model/model.ts";
import type { Bucket } from "../../../shared/ports/bucket.ts";
import { encodeHead, type Head, type SegmentEntry } from "../../../shared/wire/head.ts";
import type { ActionId, UpdateId } from "../../../shared/wire/ids.ts";
import { builtKey, headKey, updateKey, updatesPrefix } from "../../../shared/wire/keys.ts";
import { formatTimestamp, type Timestamp, toTimestamp } from "../../../shared/wire/time.ts";
import { encodeUpdate } from "../../../shared/wire/update.ts";
import { model } from "../../fixtures/cli-model.ts";
import { type Fixture, fillStore, openFixture, ulid } from "../../fixtures/cli-store.ts";
import { editJson, readJson, writeBytes, writeJson } from "../../fixtures/edit-objects.ts";

const todos = model as Model<unknown>;

async function newStore(
  options: { readonly history?: boolean; readonly bucket?: (inner: Bucket) => Bucket } = {},
): Promise<Fixture> {
  const memory = createMemoryBucket({ name: "memory:", now: Date.now });
  const settings = options.history ? { mergeFanIn: 1_000, segmentsListedAim: 3 } : {};
  const fixture = await openFixture(options.bucket?.(memory) ?? memory, { model: todos, settings });
  await fillStore(fixture);
  return fixture;
}

async function headOf({ host, store }: Fixture): Promise<Head> {
  return (await readStoreHead(host, store)).head;
}

/** "error rule key" of all findings, in order. */
async function findingsOf({ host, store }: Fixture, withModel = false): Promise<readonly string[]> {
  const { findings } = await auditStore(host, withModel ? { store, model: todos } : { store });
  for (const finding of findings)
    expect(finding).toMatchObject({
      what: expect.stringMatching(/[^.]$/),
      fix: expect.stringMatching(/\.$/),
    });
  return findings.map(({ severity, rule, key }) => `${severity} ${rule} ${key}`);
}

async function editHead(fixture: Fixture, change: (head: Head) => Head): Promise<void> {
  await writeJson(fixture.host, headKey(fixture.store), encodeHead(change(await headOf(fixture))));
}

async function drop({ host }: Fixture, key: string): Promise<void> {
  await host.bucket.delete([key]);
}

function newest(head: Head): SegmentEntry {
  const entry = head.segments.at(-1);
  if (!entry) throw new Error("no segment is listed");
  return entry;
}

describe("an audit of a sound store", () => {
  it("finds nothing, counts everything and compares the snapshot with a fold", async () => {
    const fixture = await newStore();
    await fixture.send(3, ["fail", { id: "x" }]);
    const seen: number[] = [];
    const report = await auditStore(fixture.host, {
      store: fixture.store,
      model: todos,
      onProgress: (done, total) => void seen.push(done, total),
    });
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({
      log: { updates: 22, actions: 32, apps: 2, missing: 0 },
      snapshots: 1,
      statesCompared: 1,
    });
    expect(report.raw).toMatchObject({ total: 1, near: 1, waiting: 1, covered: 0, foreign: 0 });
    expect(report.unlisted).toBeGreaterThan(0);
    expect(seen.at(-1)).toBe(report.segments);
  });

  it("follows the index chain to segments that left the head's list", async () => {
    const fixture = await newStore({ history: true });
    expect((await headOf(fixture)).history).not.toBeNull();
    const report = await auditStore(fixture.host, { store: fixture.store, model: todos });
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ segments: 12, log: { updates: 22 }, statesCompared: 1 });
  });

  it("finds nothing in a store that was just made", async () => {
    const fixture = await openFixture(createMemoryBucket({ name: "memory:", now: Date.now }));
    expect(await findingsOf(fixture, true)).toEqual([]);
  });

  it("takes a rollup's work in between for what it is", async () => {
    let merge: (() => Promise<unknown>) | null = null;
    const fixture = await newStore({
      bucket: (inner) => ({
        ...inner,
        async get(key, options) {
          const work = key.startsWith("segments/") ? merge : null;
          if (work) merge = null;
          await work?.();
          return inner.get(key, options);
        },
      }),
    });
    const before = newest(await headOf(fixture));
    merge = async () => {
      await fixture.send(1, ["addTodo", { id: "new", title: "New" }]);
      await fixture.rollup();
      await editHead(fixture, (head) => ({ ...head, rev: head.rev + 1 }));
      // As if a merge had replaced it and a sweep had deleted it long after.
      const copy = builtKey({
        kind: "segments",
        store: fixture.store,
        through: before.through,
        rev: 1,
        nonce: "copy",
      });
      await writeJson(fixture.host, copy, await readJson(fixture.host, before.key));
      await editHead(fixture, (head) => ({
        ...head,
        segments: head.segments.map((entry) => (entry.key === before.key ? { ...entry, key: copy } : entry)),
      }));
      await drop(fixture, before.key);
    };
    expect(await findingsOf(fixture)).toEqual([]);
  });
});

describe("an audit names each damaged object and goes on", () => {
  const bodies: readonly (readonly [name: string, body: (good: Uint8Array) => Uint8Array | string])[] = [
    ["empty", () => ""],
    ["truncated", (good) => good.subarray(0, good.length >> 1)],
    ["no JSON", () => "<html>502 Bad Gateway</html>"],
    ["another format", () => '{"format":"icecore-segment-99"}'],
    ["damaged gzip", () => new Uint8Array([0x1f, 0x8b, 8, 0, 1, 2, 3])],
    ["too deep", () => "[".repeat(500)],
  ];

  it.each(bodies)("when a segment is %s", async (_name, damage) => {
    const fixture = await newStore();
    const { key } = newest(await headOf(fixture));
    const answer = await fixture.host.bucket.get(key);
    if (answer.is === "found") await writeBytes(fixture.host, key, damage(answer.body));
    expect(await findingsOf(fixture, true)).toEqual([
      `error unreadable ${key}`,
      `warning inline-copy ${key}`,
    ]);
  });

  it("when any byte of a segment is flipped", async () => {
    const fixture = await newStore();
    const head = await headOf(fixture);
    const { key } = newest(head);
    const answer = await fixture.host.bucket.get(key);
    if (answer.is !== "found") throw new Error("no segment");
    for (let at = 3; at < answer.body.length; at += 11) {
      const flipped = answer.body.slice();
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      await writeBytes(fixture.host, key, flipped);
      expect(
        (await findingsOf(fixture)).filter((one) => one.startsWith("error")),
        `byte ${at}`,
      ).toContainEqual(
        expect.stringMatching(new RegExp(`^error (?:segment|unreadable|update-id|action-id) ${key}$`)),
      );
    }
  });

  it("when listed objects of every kind are gone", async () => {
    const fixture = await newStore({ history: true });
    const head = await headOf(fixture);
    const keys = [head.marks?.key, head.history?.key, head.snapshots[1]?.key, newest(head).key].map(String);
    await fixture.host.bucket.delete(keys);
    const found = await findingsOf(fixture, true);
    for (const key of keys) expect(found).toContain(`error missing ${key}`);
  });

  it("when a built object of every kind is foreign", async () => {
    const fixture = await newStore({ history: true });
    const head = await headOf(fixture);
    const keys = [head.marks?.key, head.history?.key, head.snapshots[1]?.key, newest(head).key].map(String);
    for (const key of keys) await writeBytes(fixture.host, key, '{"hello":"world"}');
    const found = await findingsOf(fixture, true);
    for (const key of keys) expect(found).toContain(`error unreadable ${key}`);
  });

  it("when the head is gone or damaged, and counts what a restored one would name", async () => {
    const fixture = await newStore();
    const key = headKey(fixture.store);
    await writeBytes(fixture.host, key, "{");
    expect(await findingsOf(fixture)).toEqual([`error head ${key}`]);
    await drop(fixture, key);
    const report = await auditStore(fixture.host, { store: fixture.store });
    expect(report).toMatchObject({
      head: null,
      findings: [{ rule: "head", fix: expect.stringContaining("restore heads/main.json") }],
    });
    expect(report.unlisted).toBeGreaterThan(10);
  });
});

describe("an audit compares", () => {
  it("marks with the log", async () => {
    const fixture = await newStore();
    const key = String((await headOf(fixture)).marks?.key);
    const app = ulid("A", 1);
    await editJson(fixture.host, key, (marks) => ({
      ...marks,
      apps: { ...(marks.apps as JsonObject), [app]: { seq: 99, chain: "0" } },
    }));
    expect(await findingsOf(fixture)).toEqual([`error marks ${key}`]);
    const { findings } = await auditStore(fixture.host, { store: fixture.store });
    expect(findings[0]?.what).toContain(`For app ${app} it says seq 99, the log gives`);
  });

  it("a snapshot's state with its own hash, and its log hash with the segments", async () => {
    const fixture = await newStore();
    const key = String((await headOf(fixture)).snapshots[1]?.key);
    const good = await readJson(fixture.host, key);
    await writeJson(fixture.host, key, { ...good, state: { last: "x", todos: {} } });
    expect(await findingsOf(fixture, true)).toEqual([`error snapshot ${key}`]);
    await writeJson(fixture.host, key, { ...good, hash: "f".repeat(64) });
    expect(await findingsOf(fixture, true)).toEqual([`error snapshot-log ${key}`]);
  });

  it("a snapshot's state with a fold of the log, where a model is given", async () => {
    const fixture = await newStore();
    const entry = (await headOf(fixture)).snapshots[1];
    if (!entry) throw new Error("no snapshot");
    const state: Json = { last: "t1", todos: {} };
    const stateHash = fixture.host.platform.sha256(canonicalText(state));
    await editJson(fixture.host, entry.key, (good) => ({ ...good, state, stateHash }));
    await editHead(fixture, (head) => ({ ...head, snapshots: { 1: { ...entry, stateHash } } }));
    expect(await findingsOf(fixture)).toEqual([]);
    expect(await findingsOf(fixture, true)).toEqual([`error state ${entry.key}`]);
  });

  it("nothing with a model of another name", async () => {
    const fixture = await newStore();
    const other = { ...todos, name: "notes" };
    const { findings, statesCompared } = await auditStore(fixture.host, {
      store: fixture.store,
      model: other,
    });
    expect(findings).toMatchObject([
      { severity: "error", rule: "state", what: 'It is of model "todos", not "notes"' },
    ]);
    expect(statesCompared).toBe(0);
  });

  it("a newer version's snapshot with the older one's, migrated", async () => {
    const fixture = await newStore();
    const upgraded: Model<unknown> = { ...todos, version: 2, migrate: (state) => state };
    const next = await openFixture(fixture.host.bucket, { model: upgraded, idsFrom: 1_000 });
    await next.rollup();
    await next.send(7, ["addTodo", { id: "seven", title: "Seven" }]);
    await next.rollup();
    const head = await headOf(fixture);
    expect(Object.keys(head.snapshots)).toEqual(["1", "2"]);
    const { findings, statesCompared } = await auditStore(fixture.host, {
      store: fixture.store,
      model: upgraded,
    });
    expect({ findings, statesCompared }).toEqual({ findings: [], statesCompared: 1 });
    const other: Model<unknown> = { ...upgraded, migrate: () => ({ last: "none", todos: {} }) };
    expect((await auditStore(fixture.host, { store: fixture.store, model: other })).findings).toMatchObject([
      { severity: "warning", rule: "state" },
    ]);
  });

  it("the head's inline copy with its object", async () => {
    const fixture = await newStore();
    await editHead(fixture, (head) => ({ ...head, inline: { ...(head.inline as JsonObject), hash: "0" } }));
    expect(await findingsOf(fixture)).toEqual([`error inline ${headKey(fixture.store)}`]);
  });

  it("names with the head's rev, store and positions", async () => {
    const fixture = await newStore();
    const through = (await headOf(fixture)).publishedThrough;
    const key = builtKey({ kind: "marks", store: fixture.store, through, rev: 10_000, nonce: "x" });
    await editHead(fixture, (head) => ({ ...head, marks: { through, key } }));
    expect(await findingsOf(fixture)).toContain(`error name ${key}`);
    await editHead(fixture, (head) => ({ ...head, marks: { through, key: "../../etc/passwd" } }));
    expect(await findingsOf(fixture)).toEqual([
      "error name ../../etc/passwd",
      "error missing ../../etc/passwd",
    ]);
  });

  it("the index chain with the floor", async () => {
    const fixture = await newStore({ history: true });
    await editHead(fixture, (head) => ({ ...head, history: null }));
    expect(await findingsOf(fixture)).toContain(`error floor ${headKey(fixture.store)}`);
    const damaged = await newStore({ history: true });
    const key = String((await headOf(damaged)).history?.key);
    await editJson(damaged.host, key, (index) => ({
      ...index,
      segments: (index.segments as readonly Json[]).slice(1),
    }));
    expect(await findingsOf(damaged)).toContain(`error index ${key}`);
  });

  it("the seal with the bucket's clock", async () => {
    const fixture = await newStore();
    await editHead(fixture, (head) => ({ ...head, sealedThrough: toTimestamp(Date.now() + 5 * 3_600_000) }));
    expect(await findingsOf(fixture)).toEqual([`warning seal ${headKey(fixture.store)}`]);
  });
});

describe("an audit of raw updates", () => {
  async function putRaw(
    fixture: Fixture,
    timestamp: Timestamp,
    { app, seq }: { readonly app: number; readonly seq: number },
  ): Promise<string> {
    const update = {
      id: ulid<UpdateId>("D", app * 100 + seq),
      app: ulid("A", app),
      seq,
      after: toTimestamp(0),
      modelVersion: 1,
      actions: [{ id: ulid<ActionId>("E", app * 100 + seq), name: "addTodo", data: { id: "late" } }],
    };
    const key = updateKey({ store: fixture.store, timestamp, app: update.app });
    await writeJson(fixture.host, key, encodeUpdate(update));
    return key;
  }

  it("calls one below publishedThrough lost when its app's mark is lower", async () => {
    const fixture = await newStore();
    const { publishedThrough } = await headOf(fixture);
    const key = await putRaw(fixture, toTimestamp(publishedThrough - 1), { app: 1, seq: 13 });
    expect(await findingsOf(fixture)).toEqual([`error lost-update ${key}`]);
  });

  it("calls it harmless when the log holds its seq, or when it waits under a later timestamp", async () => {
    const fixture = await newStore();
    const { publishedThrough } = await headOf(fixture);
    await putRaw(fixture, toTimestamp(publishedThrough - 1), { app: 1, seq: 12 });
    await putRaw(fixture, toTimestamp(publishedThrough - 2), { app: 2, seq: 11 });
    await putRaw(fixture, toTimestamp(Date.now()), { app: 2, seq: 11 });
    const { findings, raw } = await auditStore(fixture.host, { store: fixture.store });
    expect(findings).toEqual([]);
    expect(raw).toMatchObject({ total: 3, covered: 1, waiting: 1 });
  });

  it("warns of what will be set aside, of foreign names, and of seqs that came too late", async () => {
    const fixture = await newStore();
    await putRaw(fixture, toTimestamp(Date.now()), { app: 5, seq: 3 });
    await fixture.rollup();
    const late = await putRaw(fixture, toTimestamp(1_000), { app: 5, seq: 2 });
    const bad = updateKey({ store: fixture.store, timestamp: toTimestamp(Date.now()), app: ulid("A", 8) });
    await writeBytes(fixture.host, bad, "no update");
    const foreign = [`${updatesPrefix(fixture.store)}readme.txt`, "segments/main/notes.json"];
    for (const key of foreign) await writeBytes(fixture.host, key, "hello");
    const found = await findingsOf(fixture);
    expect([...found].sort()).toEqual(
      [
        `warning foreign ${foreign[0]}`,
        `warning foreign ${foreign[1]}`,
        `warning passed-update ${late}`,
        `warning raw-unreadable ${bad}`,
      ].sort(),
    );
    const { log } = await auditStore(fixture.host, { store: fixture.store });
    expect(log.missing).toBe(2);
  });

  it("counts how many lie within 5 s of the time they were stored", async () => {
    const fixture = await newStore();
    await putRaw(fixture, toTimestamp(Date.now()), { app: 5, seq: 1 });
    await putRaw(fixture, toTimestamp(Date.now() + 60_000), { app: 6, seq: 1 });
    const { raw } = await auditStore(fixture.host, { store: fixture.store });
    expect([raw.near, raw.total]).toEqual([1, 2]);
  });

  it("claims nothing of lost updates where the log itself is damaged", async () => {
    const fixture = await newStore();
    const head = await headOf(fixture);
    await putRaw(fixture, toTimestamp(head.publishedThrough - 1), { app: 1, seq: 12 });
    await drop(fixture, newest(head).key);
    const found = await findingsOf(fixture);
    expect(found).toEqual([
      `error missing ${newest(head).key}`,
      `warning inline-copy ${newest(head).key}`,
      `warning not-compared ${updatesPrefix(fixture.store)}`,
    ]);
    expect(formatTimestamp(newest(head).through)).toBe(formatTimestamp(head.publishedThrough));
  });

  it("stops when it is told to", async () => {
    const fixture = await newStore();
    const signal = AbortSignal.abort();
    await expect(auditStore({ ...fixture.host, signal }, { store: fixture.store })).rejects.toMatchObject({
      kind: "closed",
    });
  });
});
