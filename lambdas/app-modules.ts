/**
 * What the app's own files brought: its model, and what it says of who may do what. A file that throws while it is imported must not keep
 * the others from working: the error is kept beside what there is, to be told at each use.
 */
import type { AppOptions } from "../server/app.ts";
import { StoreError } from "../shared/errors.ts";
import { findModel } from "../shared/model/find-model.ts";
import type { Model } from "../shared/model/model.ts";

export type Exports = Readonly<Record<string, unknown>>;

export type Given<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown };

/** The app's functions; those that it leaves out are the server's own. */
export type AppAuth = Pick<AppOptions, "authenticate" | "authorize" | "principalOf">;

export async function readModel(importing: () => Promise<Exports>): Promise<Given<Model<unknown>>> {
  return settle(async () => findModel(await importing(), "The model file"));
}

export async function readAuth(importing: () => Promise<Exports>): Promise<Given<AppAuth>> {
  return settle(async () => parseAuth(await importing()));
}

const authNames = ["authenticate", "authorize", "principalOf"] as const;

/** Something else than a function under one of these names is a mistake that would leave a door open. */
function parseAuth(exported: Exports): AppAuth {
  const given = authNames.filter((name) => exported[name] !== undefined);
  const wrong = given.filter((name) => typeof exported[name] !== "function");
  if (wrong.length > 0)
    throw new StoreError({
      kind: "rejected",
      what: `The auth file exports ${wrong.join(", ")}, which is no function`,
      fix: "Export functions by these names, or leave them out.",
    });
  return Object.fromEntries(given.map((name) => [name, exported[name]])) as AppAuth;
}

async function settle<T>(make: () => Promise<T>): Promise<Given<T>> {
  try {
    return { ok: true, value: await make() };
  } catch (error) {
    return { ok: false, error };
  }
}
