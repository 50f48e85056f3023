/** Bundles the search with the product's source, changed by a mutant or not, and loads it. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import type { Change } from "./mutants.ts";
import type { search } from "./search.ts";

const root = resolve(import.meta.dirname, "../..");

export interface SearchModule {
  readonly search: typeof search;
}

/** The path of a bundle of `search.ts`. Throws when a change does not fit the source any more. */
export async function bundleSearch(name: string, changes: readonly Change[]): Promise<string> {
  const outfile = join(mkdtempSync(join(tmpdir(), "icecore-model-")), `${name.replace(/\W+/g, "-")}.mjs`);
  const applied = new Set<Change>();
  await build({
    entryPoints: [join(root, "test/model/search.ts")],
    bundle: true,
    platform: "node",
    format: "esm",
    outfile,
    logLevel: "error",
    plugins: [
      {
        name: "mutant",
        setup(setup) {
          setup.onLoad({ filter: /\.ts$/ }, ({ path }) => {
            const file = relative(root, path).replaceAll("\\", "/");
            const contents = changes
              .filter((change) => change.file === file)
              .reduce(
                (source, change) => {
                  applied.add(change);
                  return changed(source, change);
                },
                readFileSync(path, "utf8"),
              );
            return { contents, loader: "ts" };
          });
        },
      },
    ],
  });
  const missed = changes.find((change) => !applied.has(change));
  if (missed) throw new Error(`The mutant "${name}" changes ${missed.file}, which the search does not use.`);
  return outfile;
}

export async function loadSearch(outfile: string): Promise<SearchModule> {
  return (await import(pathToFileURL(outfile).href)) as SearchModule;
}

/** Matches whatever the formatter did to white space. Throws where the text does not stand there exactly once. */
export function changed(source: string, { file, find, replace }: Change): string {
  const pattern = new RegExp(
    find
      .trim()
      .split(/\s+/)
      .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join("\\s+"),
    "g",
  );
  const count = source.match(pattern)?.length ?? 0;
  if (count !== 1) throw new Error(`A mutant's text stands ${count} times in ${file}, not once: ${find}`);
  return source.replace(pattern, () => replace);
}
