/** Bundles of a test file: each made once, in a temporary folder that goes when the tests are done. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { bundleLambda, type LambdaBundle, type LambdaEntry } from "../../lambdas/bundle.ts";

export const todoModelFile = fileURLToPath(new URL("../fixtures/cli-model.ts", import.meta.url));

const folder = mkdtempSync(join(tmpdir(), "icecore-lambdas-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const made = new Map<string, LambdaBundle>();

/** The path of the bundle's script. */
export function bundleOf(
  entry: LambdaEntry,
  { modelFile = todoModelFile, authFile }: { readonly modelFile?: string; readonly authFile?: string } = {},
): string {
  const name = JSON.stringify([entry, modelFile, authFile]);
  const known = made.get(name);
  if (known) return known.file;
  const outFolder = join(folder, `${entry}-${made.size}`);
  const bundle = bundleLambda({
    entry,
    modelFile,
    outFolder,
    ...(authFile === undefined ? {} : { authFile }),
  });
  made.set(name, bundle);
  return bundle.file;
}

/** A folder for files of the test's own. */
export function fileIn(name: string): string {
  return join(folder, name);
}
