/** Compiles what is packed, and packs it. Examples and tests may be broken without a harm to users. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Manifest, root } from "../manifest.ts";
import { pack } from "./install.ts";
import { run } from "./programs.ts";

/** The path of the packed file, in `folder`, which is empty. */
export async function buildAndPack(folder: string, manifest: Manifest): Promise<string> {
  const tsc = join(root, "node_modules/.bin/tsc");
  const { code, all } = await run(root, tsc, "-b", ...shippedProjects(manifest));
  if (code !== 0) throw new Error(`tsc ended with ${code}: ${all}`);
  return pack(folder);
}

function shippedProjects({ files }: Manifest): readonly string[] {
  const { references } = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8")) as {
    readonly references: readonly { readonly path: string }[];
  };
  const shipped = files.map((file) => `./${file.replace(/^dist\//, "")}`);
  return references
    .map(({ path }) => path)
    .filter((path) => shipped.some((folder) => path === folder || path.startsWith(`${folder}/`)));
}
