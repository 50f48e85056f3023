/**
 * The confirmed state with its place in the log, in memory and as rows: the replica of this client. State, position and what the log
 * settles of the outbox change in one local transaction.
 *
 * A base row holds a state, range rows the published updates since; when they outweigh it a new base is written. An update of a newer
 * model version stops it before its range: nothing of it is applied, later ones wait in order.
 */
import { StoreError } from "../shared/errors.ts";
import { createFold, firstTooNew, type Rejection } from "../shared/fold/fold.ts";
import { createLayers, type Layers } from "../shared/fold/layers.ts";
import { canonicalText } from "../shared/json.ts";
import type { Model } from "../shared/model/model.ts";
import type { Sha256 } from "../shared/ports/hash.ts";
import type { AppliedRange, ReadBy, Replica } from "../shared/ports/replica.ts";
import { emptyLogHash } from "../shared/wire/segment.ts";
import { type Timestamp, zeroTimestamp } from "../shared/wire/time.ts";
import type { StampedUpdate } from "../shared/wire/update.ts";
import { type Arrived, arrivedAbove, confirmRange, noneArrived } from "./arrived.ts";
import type { RowChanges, Rows } from "./local/local.ts";
import { otherModel, tooNew } from "./model-troubles.ts";
import { noChanges, putting, together } from "./row-changes.ts";
import {
  encodeBaseRow,
  encodeHeadRow,
  encodePlaceRow,
  encodeRangeRow,
  type PlaceRow,
  readBaseRow,
  readHeadRow,
  readPlaceRow,
  readRangeRow,
  readRow,
  rowKeys,
} from "./rows.ts";

export interface Confirmed<S> {
  readonly layers: Layers<S>;
  readonly place: PlaceRow | null;
  readonly readBy: ReadBy | null;
  readonly replica: Replica;
  /** From the rows of an earlier run, or as another tab has made them. Gives the updates in them above the position it had. */
  restore(local: string, rows: Rows): Arrived;
  /** What another tab has committed. Gives the updates that are confirmed now, null where only `restore` can tell. */
  follow(local: string, changes: RowChanges): Arrived | null;
  /** This head was read, to its end: its epoch is known from now on, and what is left of another one goes. */
  meet(known: ReadBy): RowChanges;
  /** The marks have told what of the outbox is in the snapshot. */
  markSettled(): RowChanges;
  /** Of all that is confirmed, for a storage that has none of it. */
  allRows(): Rows;
  /** SHA-256 of the canonical text of the confirmed state. */
  stateHash(): string;
}

export interface ConfirmedOptions<S> {
  readonly model: Model<S>;
  readonly sha256: Sha256;
  /** Makes rows durable. */
  readonly commit: (changes: RowChanges) => Promise<void>;
  /**
   * What published updates mean for the outbox; its changes go into the same transaction. `judges` is false while a snapshot may hold
   * what went before them.
   */
  readonly onPublished: (updates: readonly StampedUpdate[], judges: boolean) => RowChanges;
  /** They are in the confirmed state now, but for what the model refused. */
  readonly onConfirmed: (updates: readonly StampedUpdate[], rejected: readonly Rejection[]) => void;
  /** The store's life that what follows belongs to; gives the rows of the outbox that change with another one. */
  readonly onEpoch: (epoch: string) => RowChanges;
  /** The confirmed state has changed as a whole. */
  readonly onReplaced: () => void;
}

/** Ranges are folded again at each start: 1 µs an action; a base is rewritten when they weigh as much as it does. */
const rangeCharsMin = 256 * 1024;

export function createConfirmed<S>(options: ConfirmedOptions<S>): Confirmed<S> {
  const { model, sha256, commit, onPublished, onConfirmed, onReplaced, onEpoch } = options;
  let layers = createLayers(createFold(model));
  let place: PlaceRow | null = null;
  let readBy: ReadBy | null = null;
  /** An older model version's state, migrated, is shown until this version's own base arrives. */
  let shownOnly = false;
  let restored = false;
  /** The rows of base and ranges are of a life of the store that is over. */
  let outlived = false;
  const weight = { base: 0, ranges: 0, count: 0, first: 0 };

  function placeIn(epoch: string, where: Omit<PlaceRow, "epoch" | "modelVersion">): PlaceRow {
    return { epoch, modelVersion: model.version, ...where };
  }

  /** The rows of a place; the head only when it is another one. */
  function move(next: PlaceRow, by: ReadBy | undefined): [string, string][] {
    place = next;
    const put: [string, string][] = [[rowKeys.place, encodePlaceRow(next)]];
    if (by && by.etag !== readBy?.etag) {
      put.push([rowKeys.head, encodeHeadRow(by.head, by.etag)]);
      readBy = by;
    }
    return put;
  }

  function oldRanges(): string[] {
    const keys = Array.from({ length: weight.count - weight.first }, (_, i) =>
      rowKeys.range(weight.first + i),
    );
    weight.first = weight.count;
    weight.ranges = 0;
    return keys;
  }

  function oldRows(): string[] {
    outlived = false;
    weight.base = 0;
    return [rowKeys.base, ...oldRanges()];
  }

  function baseRow(
    through: Timestamp,
    state: Parameters<typeof encodeBaseRow>[0]["state"],
    modelVersion: number,
  ) {
    const text = encodeBaseRow({ through, modelVersion, state });
    weight.base = text.length;
    return [rowKeys.base, text] as const;
  }

  function addRange({ updates, through }: AppliedRange): RowChanges {
    const text = encodeRangeRow({ updates, through });
    weight.ranges += text.length;
    if (weight.ranges <= Math.max(rangeCharsMin, weight.base)) {
      const key = rowKeys.range(weight.count++);
      return putting([[key, text]]);
    }
    const gone = oldRanges();
    // Beside the base that holds it already: other tabs read there what is new.
    const range = [rowKeys.range(weight.count++), text] as const;
    return { put: new Map([baseRow(through, layers.encodeConfirmed(), model.version), range]), delete: gone };
  }

  function weigh(rows: Rows, ranges: readonly string[]): void {
    const numberOf = (key: string | undefined): number => Number(key?.slice("range/".length) ?? 0);
    weight.base = rows.get(rowKeys.base)?.length ?? 0;
    weight.ranges = ranges.reduce((sum, key) => sum + (rows.get(key)?.length ?? 0), 0);
    weight.first = numberOf(ranges[0]);
    weight.count = ranges.length === 0 ? 0 : numberOf(ranges.at(-1)) + 1;
  }

  function beginAnew(): void {
    if (shownOnly) layers = createLayers(createFold(model));
    shownOnly = false;
  }

  const replica: Replica = {
    async reset(epoch) {
      shownOnly = true;
      beginAnew();
      place = placeIn(epoch, { position: zeroTimestamp, hash: emptyLogHash, settled: true });
      readBy = null;
      // They go with the first that is loaded or applied, or when it is known that there is nothing.
      outlived = true;
      const met = onEpoch(epoch);
      onReplaced();
      await commit(met);
      return null;
    },
    async load(snapshot, by) {
      if (snapshot.modelName !== model.name) return otherModel(model, snapshot.modelName);
      const { state, modelVersion, through, hash } = snapshot;
      const row = baseRow(through, state, modelVersion);
      const before = layers;
      beginAnew();
      try {
        layers.load(structuredCopy(state), modelVersion, through);
      } catch (error) {
        // What is shown stays.
        if (layers !== before) [layers, shownOnly] = [before, true];
        if (error instanceof StoreError) return { kind: error.kind, what: error.what, fix: error.fix };
        throw error;
      }
      const epoch = by?.head.epoch ?? "";
      const put = new Map([row, ...move(placeIn(epoch, { position: through, hash, settled: false }), by)]);
      const met = onEpoch(epoch);
      outlived = false;
      onReplaced();
      await commit(together(met, { put, delete: oldRanges() }));
      return null;
    },
    async apply(range, by) {
      const stop = firstTooNew(model, range.updates);
      if (stop !== undefined) return tooNew(model, stop.stoppedAt);
      // What another model version left of rows is not under this range.
      const stale = shownOnly || outlived ? oldRows() : [];
      const judges = place?.settled ?? true;
      const epoch = by?.head.epoch ?? place?.epoch ?? "";
      const met = onEpoch(epoch);
      const settled = onPublished(range.updates, judges);
      beginAnew();
      const { rejected } = layers.confirm(range.updates, range.through);
      const { through: position, hash } = range;
      const moved = move(placeIn(epoch, { position, hash, settled: judges }), by);
      const rows = addRange(range);
      const durable = commit(together(met, settled, { put: new Map(), delete: stale }, rows, putting(moved)));
      onConfirmed(range.updates, rejected);
      await durable;
      return null;
    },
  };

  return {
    get layers() {
      return layers;
    },
    get place() {
      return place;
    },
    get readBy() {
      return readBy;
    },
    replica,
    restore(local, rows) {
      const read = <T>(key: string, reader: Reader<T>): T | null => {
        const value = rows.get(key);
        return value === undefined ? null : readRow(local, key, value, reader);
      };
      const before = restored ? layers.position : null;
      const next = restored ? createLayers(createFold(model)) : layers;
      const [toPlace, toReadBy] = [read(rowKeys.place, readPlaceRow), read(rowKeys.head, readHeadRow)];
      const base = read(rowKeys.base, readBaseRow);
      if (base) next.load(base.state, base.modelVersion, base.through);
      const ranges = [...rows.keys()].filter(isRange).sort();
      const found = ranges.map((key) =>
        confirmRange(next, readRow(local, key, rows.get(key) ?? "", readRangeRow)),
      );
      [layers, place, readBy, restored, outlived] = [next, toPlace, toReadBy, true, false];
      weigh(rows, ranges);
      shownOnly = place !== null && place.modelVersion !== model.version;
      if (shownOnly) place = null;
      return before === null ? noneArrived : arrivedAbove(before, found);
    },
    follow(local, { put, delete: gone }) {
      const read = <T>(key: string, reader: Reader<T>): T | null => {
        const value = put.get(key);
        return value === undefined ? null : readRow(local, key, value, reader);
      };
      const moved = read(rowKeys.place, readPlaceRow);
      if (moved === null) return noneArrived;
      const goesOn = moved.epoch === place?.epoch && moved.modelVersion === model.version;
      if (!goesOn || shownOnly || moved.position < layers.position || gone.includes(rowKeys.base))
        return null;
      const ranges = [...put.keys()].filter(isRange).sort();
      const found = ranges.map((key) =>
        confirmRange(layers, readRow(local, key, put.get(key) ?? "", readRangeRow)),
      );
      const base = moved.position > layers.position ? read(rowKeys.base, readBaseRow) : null;
      if (base) layers.load(base.state, base.modelVersion, base.through);
      if (moved.position !== layers.position) return null;
      [place, readBy] = [moved, read(rowKeys.head, readHeadRow) ?? readBy];
      return arrivedAbove(zeroTimestamp, found);
    },
    meet({ head }) {
      const met = onEpoch(head.epoch);
      if (!place || !outlived) return met;
      return together(met, { put: new Map(move(place, undefined)), delete: [rowKeys.head, ...oldRows()] });
    },
    markSettled: () => (place ? putting(move({ ...place, settled: true }, undefined)) : noChanges),
    allRows() {
      // What another model version has folded comes back from the remote.
      if (!place || shownOnly) return new Map();
      oldRanges();
      const rows = new Map<string, string>([
        baseRow(place.position, layers.encodeConfirmed(), model.version),
        [rowKeys.place, encodePlaceRow(place)],
      ]);
      return readBy ? rows.set(rowKeys.head, encodeHeadRow(readBy.head, readBy.etag)) : rows;
    },
    stateHash: () => sha256(canonicalText(layers.encodeConfirmed())),
  };
}

type Reader<T> = Parameters<typeof readRow<T>>[3];

const isRange = (key: string): boolean => key.startsWith("range/");

/** A fold takes ownership of what it loads; the row keeps the text. */
function structuredCopy<T>(json: T): T {
  return JSON.parse(JSON.stringify(json)) as T;
}
