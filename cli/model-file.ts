/**
 * Loads a user's model from a JavaScript or TypeScript file.
 *
 * TypeScript goes through tsx, registered without a namespace of its own, so that the model shares this process's icecore:
 * a second copy of it would have other classes for the same tables.
 */
import { statSync } from "node:fs";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { StoreError } from "../shared/errors.ts";
import { findModel } from "../shared/model/find-model.ts";
import type { Model } from "../shared/model/model.ts";
import { UsageError } from "./errors.ts";
import { safeText } from "./screen.ts";

const scriptEndings = [".js", ".mjs", ".ts", ".mts"];
const reasonMax = 300;

/** The model that a file exports: under the name `model`, or as the only one. */
export async function loadModel(file: string): Promise<Model<unknown>> {
  const path = resolve(file);
  if (!statSync(path, { throwIfNoEntry: false })?.isFile())
    throw new UsageError(`There is no model file ${path}`, "Give --model the path of a .ts or .js file.");
  const ending = extname(path);
  if (!scriptEndings.includes(ending))
    throw new UsageError(
      `Model file ${path} is no script`,
      `Give an ES module that ends in ${scriptEndings.join(", ")}.`,
    );
  if (ending === ".ts" || ending === ".mts") await readyForTypeScript(path);
  return findModel(await importFile(path), `Model file ${path}`);
}

/** icecore itself runs from TypeScript when somebody loads it through tsx already. */
async function readyForTypeScript(path: string): Promise<void> {
  if (import.meta.url.endsWith(".ts")) return;
  try {
    // Both, as tsx itself does: a .ts file outside of any "type": "module" package counts as CommonJS.
    const [modules, scripts] = await Promise.all([import("tsx/esm/api"), import("tsx/cjs/api")]);
    scripts.register();
    modules.register();
  } catch (cause) {
    throw new StoreError(
      {
        kind: "incompatible",
        what: `Model file ${path} is TypeScript, and tsx, which reads it, is not installed`,
        fix: 'Run "npm install --save-dev tsx", or give the compiled .js file.',
      },
      cause,
    );
  }
}

async function importFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw new StoreError(
      {
        kind: "rejected",
        what: `Model file ${path} failed while it was loaded: ${safeText(reason.split("\n")[0] ?? "", reasonMax)}`,
        fix: fixOf(cause),
      },
      cause,
    );
  }
}

function fixOf(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND")
    return "Correct the file; nothing in the store was touched.";
  return "Install what it imports (npm install icecore zod, in its project), or correct the path; nothing in the store was touched.";
}
