/** icecore: what app authors need. Models, their fields, the typed codec, and the fold. */
export { type Codec, type CodecOptions, createCodec } from "./codec/codec.ts";
export { type ClassForm, classType, enumType, type TypeRegistration } from "./codec/types.ts";
export { StoreError, type StoreErrorKind, type Trouble } from "./errors.ts";
export { type DiffRow, diffStates } from "./fold/diff.ts";
export {
  createFold,
  type Fold,
  type FoldOptions,
  type FoldReport,
  type FoldStop,
  type Rejection,
  stateHash,
} from "./fold/fold.ts";
export type { FoldUpdate } from "./fold/fold-update.ts";
export { createLayers, type LayerStates, type Layers } from "./fold/layers.ts";
export { replayTo, type UpdateRange } from "./fold/replay.ts";
export { canonicalText, type Json, type JsonObject } from "./json.ts";
export {
  type ActionDefinition,
  type ActionMaker,
  action,
  defineModel,
  type ModelDefinition,
} from "./model/define.ts";
export type { AssignableKind, FieldKind, Fields, StateDraft, StateRead } from "./model/field.ts";
export { type CounterDraft, counter } from "./model/fields/counter.ts";
export {
  type LastWriteWinsDraft,
  lastWriteWins,
  type Stamp,
  type Stamped,
} from "./model/fields/last-write-wins.ts";
export type { ListItem } from "./model/fields/list-order.ts";
export {
  type OrderedList,
  type OrderedListDraft,
  orderedList,
  positionBetween,
} from "./model/fields/ordered-list.ts";
export { set, type TextSet, type TextSetDraft } from "./model/fields/set.ts";
export { type TableDraft, table } from "./model/fields/table.ts";
export { value } from "./model/fields/value.ts";
export type {
  ActionInput,
  ActionMeta,
  ActionName,
  ActionOutput,
  ActionsOf,
  ActionTypes,
  Model,
  Problem,
  StateOf,
} from "./model/model.ts";
export { type RawState, rawModel } from "./model/raw.ts";
export { type ReducerAction, type ReducerDefinition, reducerModel } from "./model/reducer.ts";
export type { SchemaInput, SchemaOutput, SchemaProblem, StandardSchema } from "./model/schema.ts";
export { changedKeys, type Table } from "./model/table.ts";
export { type ActionOutcome, validateAction, validateStored } from "./model/validate.ts";
export { defaultSettings, newSettings, type Settings } from "./settings.ts";
export {
  type ActionId,
  type AppId,
  createdAt,
  parseActionId,
  parseAppId,
  parseStoreId,
  parseUpdateId,
  type StoreId,
  type UpdateId,
} from "./wire/ids.ts";
export { formatTimestamp, parseTimestamp, type Timestamp, toTimestamp } from "./wire/time.ts";
export type { Action, StampedUpdate, Update } from "./wire/update.ts";
