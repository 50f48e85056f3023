/** Bundles the processes of a stress run, so that one that was killed is back within a moment; packages stay what they are. */
import { mkdtemp, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "../..");

export interface Scripts {
  readonly writer: string;
  readonly rollup: string;
  readonly collector: string;
  remove(): Promise<void>;
}

export async function bundleScripts(): Promise<Scripts> {
  const { paths, remove } = await bundleAll(import.meta.dirname, names);
  const [writer = "", rollup = "", collector = ""] = paths;
  return { writer, rollup, collector, remove };
}

const names = ["./writer-child.ts", "./rollup-child.ts", "./collector-child.ts"];

/** Scripts of a folder, each as one file; `remove` when they are not needed any more. */
export async function bundleAll(
  from: string,
  scripts: readonly string[],
): Promise<{ readonly paths: readonly string[]; remove(): Promise<void> }> {
  // Below node_modules, so that packages are found.
  const folder = await mkdtemp(join(root, "node_modules/.icecore-stress-"));
  await build({
    entryPoints: scripts.map((name) => join(from, name)),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    sourcemap: true,
    logLevel: "error",
  });
  return {
    paths: scripts.map((name) => join(folder, name.replace(".ts", ".mjs"))),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
