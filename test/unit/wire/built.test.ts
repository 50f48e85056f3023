/** Snapshots and sweep notes: small formats, read back as they were written. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeSnapshot, parseSnapshot, type Snapshot } from "../../../shared/wire/snapshot.ts";
import { encodeSweepNote, parseSweepNote } from "../../../shared/wire/sweep.ts";
import { hashes, jsons, nonces, revs, timestamps } from "./arbitrary.ts";

const sent = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

const snapshots = fc.record({
  through: timestamps,
  hash: hashes,
  modelName: fc.string(),
  modelVersion: fc.integer({ min: 1 }),
  stateHash: hashes,
  state: jsons,
});

const notes = fc.record({ at: timestamps, epoch: nonces, rev: revs, unlisted: fc.array(fc.string()) });

test("Every snapshot is read back as it was written, a state of null too.", () => {
  const check = (snapshot: Snapshot) => {
    expect(parseSnapshot(sent(encodeSnapshot(snapshot)))).toEqual({ ok: true, value: sent(snapshot) });
  };
  fc.assert(fc.property(snapshots, (snapshot) => check(snapshot)));
  for (const snapshot of fc.sample(snapshots, 1)) check({ ...snapshot, state: null });
});

test("A snapshot without a state, or of model version 0, is refused.", () => {
  for (const snapshot of fc.sample(snapshots, 1)) {
    const { state: _, ...rest } = encodeSnapshot(snapshot);
    expect(parseSnapshot(rest)).toEqual({ ok: false, reason: "state is missing" });
    expect(parseSnapshot({ ...encodeSnapshot(snapshot), modelVersion: 0 }).ok).toBe(false);
  }
});

test("Every sweep note is read back as it was written.", () => {
  fc.assert(
    fc.property(notes, (note) => {
      expect(parseSweepNote(sent(encodeSweepNote(note)))).toEqual({ ok: true, value: note });
    }),
  );
});
