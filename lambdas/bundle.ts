/**
 * bundleLambda: one Lambda as one file, by esbuild, without Docker: icecore's entry, the AWS SDK, and the app's own model and auth file in the
 * places that the entry names. The same from the repository (TypeScript) and from the installed package (JavaScript).
 */
import { mkdirSync, statSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildFailure, type BuildOptions, buildSync, type Metafile } from "esbuild";
import { StoreError } from "../shared/errors.ts";

export type LambdaEntry = "api" | "rollup" | "sweep" | "credentials" | "listen";

export interface BundleOptions {
  readonly entry: LambdaEntry;
  /** The app's model: a script that exports it as `model`, or as the only one. */
  readonly modelFile: string;
  /** Exports `authenticate`, `authorize`, `principalOf`, each optional. @default tokens as the environment says, and roles */
  readonly authFile?: string;
  /** Made where it is missing. */
  readonly outFolder: string;
}

export interface LambdaBundle {
  /** Path of the script, `index.mjs`; its source map lies beside it. */
  readonly file: string;
  readonly bytes: number;
}

const entries: Readonly<Record<LambdaEntry, string>> = {
  api: "./api.ts",
  rollup: "./rollup.ts",
  sweep: "./sweep.ts",
  credentials: "./credentials.ts",
  listen: "./listen.ts",
};
const noModule = "./no-module.ts";

/**
 * Writes `index.mjs`, an ES module for Node 24 that exports `handler`, into a folder.
 *
 * @throws StoreError "rejected" where a file is missing, cannot be bundled, or the model file exports nothing.
 * @example
 * const { file, bytes } = bundleLambda({ entry: "rollup", modelFile: "todos.ts", outFolder: "lambda-out" });
 */
export function bundleLambda({ entry, modelFile, authFile, outFolder }: BundleOptions): LambdaBundle {
  const model = requireScript(modelFile, "model");
  const auth = authFile === undefined ? ownFile(noModule) : requireScript(authFile, "auth");
  requireExports(model);
  mkdirSync(outFolder, { recursive: true });
  const file = join(resolve(outFolder), "index.mjs");
  build({
    entryPoints: [ownFile(entries[entry])],
    outfile: file,
    alias: { "icecore-app/model": model, "icecore-app/auth": auth },
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: true,
    // Without the sources' texts: places are enough for a stack, and a bundle is uploaded often.
    sourcesContent: false,
    legalComments: "none",
    // What is CommonJS inside asks for Node's own modules by require.
    banner: { js: requireBanner },
  });
  return { file, bytes: statSync(file).size };
}

const requireBanner =
  'import{createRequire as icecoreCreateRequire}from"node:module";const require=icecoreCreateRequire(import.meta.url);';

const common: BuildOptions = {
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node24",
  // ES modules first, so that what is not used falls away.
  mainFields: ["module", "main"],
  logLevel: "silent",
};

function build(options: BuildOptions): Metafile | undefined {
  try {
    return buildSync({ ...common, ...options }).metafile;
  } catch (error) {
    throw unbuilt(error);
  }
}

/** Beside this file, as TypeScript or compiled, whichever this file is. */
function ownFile(name: string): string {
  const ending = extname(fileURLToPath(import.meta.url));
  return fileURLToPath(new URL(name.replace(/\.ts$/, ending), import.meta.url));
}

function requireScript(file: string, kind: "model" | "auth"): string {
  const path = resolve(file);
  if (statSync(path, { throwIfNoEntry: false })?.isFile()) return path;
  throw new StoreError({
    kind: "rejected",
    what: `There is no ${kind} file ${path}`,
    fix: "Give the path of a .ts or .js file.",
  });
}

/** What it exports is known without running it; whether that is a model, the Lambda finds out. */
function requireExports(model: string): void {
  const metafile = build({ entryPoints: [model], write: false, metafile: true, outfile: "model.mjs" });
  const exported = Object.values(metafile?.outputs ?? {}).flatMap((output) => output.exports);
  if (exported.length > 0) return;
  throw new StoreError({
    kind: "rejected",
    what: `Model file ${model} exports no model`,
    fix: "Export what defineModel or reducerModel returns, as in `export const model = defineModel({ … })`.",
  });
}

const faultsShown = 3;

function unbuilt(error: unknown): StoreError {
  const { errors = [] } = error as Partial<BuildFailure>;
  const told = errors.slice(0, faultsShown).map(({ text, location }) => {
    const at = location === null ? "" : ` (${location.file}:${location.line})`;
    return `${text}${at}`;
  });
  return new StoreError(
    {
      kind: "rejected",
      what: `The Lambda cannot be bundled: ${told.join("; ") || "esbuild failed"}`,
      fix: "Correct the file, and install the packages that it imports.",
    },
    error,
  );
}
