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
  // Below node_modules, so that packages are found.
  const folder = await mkdtemp(join(root, "node_modules/.icecore-stress-"));
  const names = ["./writer-child.ts", "./rollup-child.ts", "./collector-child.ts"];
  await build({
    entryPoints: names.map((name) => join(import.meta.dirname, name)),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    sourcemap: true,
    logLevel: "error",
  });
  const [writer = "", rollup = "", collector = ""] = names.map((name) =>
    join(folder, name.replace(".ts", ".mjs")),
  );
  return { writer, rollup, collector, remove: () => rm(folder, { recursive: true, force: true }) };
}
