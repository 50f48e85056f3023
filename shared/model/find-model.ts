/**
 * findModel: the model among what a module exports, for whoever loads a user's file: under the name `model`, or as the only one.
 * By shape, as the user's icecore may be another copy than this one.
 */
import { StoreError } from "../errors.ts";
import type { Model } from "./model.ts";

/** `whose` begins the error, e.g. "Model file ./todos.ts". Throws StoreError "rejected" where there is none, or more than one. */
export function findModel(imported: Readonly<Record<string, unknown>>, whose: string): Model<unknown> {
  // What a CommonJS module exports arrives as the members of its default.
  const inner = typeof imported.default === "object" && !isModel(imported.default) ? imported.default : {};
  const exported: Readonly<Record<string, unknown>> = { ...inner, ...imported };
  if (isModel(exported.model)) return exported.model;
  const models = [...new Set(Object.values(exported).filter(isModel))];
  const [only] = models;
  if (only !== undefined && models.length === 1) return only;
  throw new StoreError({
    kind: "rejected",
    what:
      models.length === 0
        ? `${whose} exports no model`
        : `${whose} exports ${models.length} models, none of them named "model"`,
    fix: "Export what defineModel or reducerModel returns, as in `export const model = defineModel({ … })`.",
  });
}

function isModel(value: unknown): value is Model<unknown> {
  if (typeof value !== "object" || value === null) return false;
  const { name, version, createState, findAction, problemsOf, stateCodec } = value as Partial<Model<unknown>>;
  const functions = [createState, findAction, problemsOf].every((one) => typeof one === "function");
  return typeof name === "string" && Number.isInteger(version) && functions && typeof stateCodec === "object";
}
