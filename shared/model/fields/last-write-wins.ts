/**
 * The last-write-wins field: a value with a stamp; an older write never replaces a newer one, whatever order they come in.
 */
import { isJsonObject } from "../../json.ts";
import { type ActionId, isUlid } from "../../wire/ids.ts";
import { formatTimestamp, parseTimestamp, type Timestamp, zeroTimestamp } from "../../wire/time.ts";
import type { FieldKind } from "../field.ts";
import { freezeDeep } from "../freeze.ts";
import type { Undoable } from "../journal.ts";
import type { StateContext, StateStore } from "../model.ts";
import { requireStorable } from "../storable.ts";
import { malformedField } from "./malformed.ts";

/** When a value was written: server time, then action id. The initial value has the least stamp there is. */
export interface Stamp {
  readonly timestamp: Timestamp;
  readonly action: ActionId | "";
}

export interface Stamped<T> {
  readonly value: T;
  readonly stamp: Stamp;
}

export interface LastWriteWinsDraft<T> extends Stamped<T> {
  /** Writes with the stamp of the present action; false when the field has a newer one. */
  set(value: T): boolean;
}

/**
 * A field where the latest write by server time wins.
 *
 * @example
 * state: { title: lastWriteWins("") }
 * // in an action: state.title.set(data.title); outside: store.state.title.value
 */
export function lastWriteWins<T>(initial: T): FieldKind<Stamped<T>, LastWriteWinsDraft<T>> {
  return { kind: "lastWriteWins", createStore: (context) => createStampedStore(context, initial) };
}

function createStampedStore<T>(
  { journal, strict, codec, meta }: StateContext,
  initial: T,
): StateStore<Stamped<T>> {
  let current: Stamped<T> = { value: initial, stamp: { timestamp: zeroTimestamp, action: "" } };
  const undo: Undoable = {
    undo(old) {
      current = old as Stamped<T>;
    },
  };
  const draft: LastWriteWinsDraft<T> = {
    get value() {
      return current.value;
    },
    get stamp() {
      return current.stamp;
    },
    set(next) {
      const { timestamp, id } = meta();
      if (isOlder(timestamp, id, current.stamp)) return false;
      requireStorable(codec, next);
      if (strict) codec.encode(freezeDeep(next));
      journal.note(undo, current, undefined, undefined);
      current = { value: next, stamp: { timestamp, action: id } };
      return true;
    },
  };
  return {
    draft,
    publish: () => current,
    rewind(published) {
      current = published;
    },
    load(decoded) {
      current = parseStamped<T>(decoded);
    },
    encode() {
      const { timestamp, action } = current.stamp;
      return { value: codec.encode(current.value), stamp: { timestamp: formatTimestamp(timestamp), action } };
    },
    info: () => ({ value: codec.info(current.value), at: formatTimestamp(current.stamp.timestamp) }),
  };
}

function isOlder(timestamp: Timestamp, id: ActionId, than: Stamp): boolean {
  return timestamp === than.timestamp ? id < than.action : timestamp < than.timestamp;
}

function parseStamped<T>(decoded: unknown): Stamped<T> {
  if (!isJsonObject(decoded) || !isJsonObject(decoded.stamp) || !("value" in decoded))
    return malformedField("lastWriteWins");
  const timestamp = parseTimestamp(decoded.stamp.timestamp);
  const action = decoded.stamp.action;
  if (timestamp === undefined || !(action === "" || isUlid(action))) return malformedField("lastWriteWins");
  return { value: decoded.value as T, stamp: { timestamp, action: action as ActionId | "" } };
}
