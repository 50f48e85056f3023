/** Bundles a module as an app's bundler would, and says what it costs, who brought the bytes, and what has no place in a browser. */
import { builtinModules } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Metafile, type Plugin } from "esbuild";
import { readManifest, root, subpathsOf } from "../manifest.ts";

export interface Size {
  readonly minifiedBytes: number;
  readonly gzipBytes: number;
  /** Minified bytes by library, the largest first. */
  readonly libraries: readonly Share[];
  /** Minified bytes by folder of our own code, the largest first. */
  readonly own: readonly Share[];
  /** What must not be in a browser's bundle; empty. */
  readonly forbidden: readonly string[];
}

export interface Share {
  readonly of: string;
  readonly minifiedBytes: number;
}

/** The frameworks that an app has anyway, and chooses itself. */
const external = ["react", "redux"];

/**
 * From the sources, which tsc would only strip of their types: so nothing stale is measured, and nothing has to be built first.
 * test:consumer bundles the packed files.
 */
export async function measureSize(code: string): Promise<Size> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: root, loader: "ts" },
    absWorkingDir: root,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    outfile: "bundle.js",
    platform: "browser",
    format: "esm",
    target: "es2022",
    logLevel: "error",
    external: [...external, "node:*", ...builtinModules],
    plugins: [ownSources],
  });
  const contents = outputFiles[0]?.contents ?? new Uint8Array(0);
  const shares = sharesOf(metafile);
  return {
    minifiedBytes: contents.length,
    gzipBytes: gzipSync(contents, { level: 9 }).length,
    libraries: shares.filter(({ of }) => !of.startsWith(ownMark)),
    own: shares
      .filter(({ of }) => of.startsWith(ownMark))
      .map(({ of, minifiedBytes }) => ({ of: of.slice(ownMark.length), minifiedBytes })),
    forbidden: forbiddenIn(metafile),
  };
}

const ownSources: Plugin = {
  name: "icecore-sources",
  setup(builder) {
    const sources = new Map(subpathsOf(readManifest()).map(({ name, source }) => [name, source]));
    builder.onResolve({ filter: /^icecore(\/|$)/ }, ({ path }) => {
      const source = sources.get(path);
      return source === undefined
        ? { errors: [{ text: `${path} is no subpath of package.json` }] }
        : // As package.json says: what nobody uses is left out.
          { path: join(root, source), sideEffects: false };
    });
  },
};

/** Not a name that npm would give. */
const ownMark = "./";

function sharesOf({ outputs }: Metafile): readonly Share[] {
  const bytes = new Map<string, number>();
  for (const { inputs } of Object.values(outputs))
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      if (bytesInOutput === 0 || path === "<stdin>") continue;
      const of = libraryOf(path) ?? ownMark + folderOf(path);
      bytes.set(of, (bytes.get(of) ?? 0) + bytesInOutput);
    }
  return [...bytes]
    .map(([of, minifiedBytes]) => ({ of, minifiedBytes }))
    .sort((a, b) => b.minifiedBytes - a.minifiedBytes);
}

/** `node_modules/@noble/hashes/sha2.js` -> `@noble/hashes`. */
function libraryOf(path: string): string | undefined {
  return /.*(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
}

/** `shared/log/read.ts` -> `shared/log`. */
function folderOf(path: string): string {
  return path.split("/").slice(0, -1).slice(0, 2).join("/");
}

function forbiddenIn({ inputs, outputs }: Metafile): readonly string[] {
  const libraries = Object.keys(inputs).map((path) => libraryOf(path) ?? "");
  const left = Object.values(outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  const found = [
    ...libraries.filter((name) => /^(@aws-sdk\/|@smithy\/|zod$)/.test(name)),
    ...left.filter((path) => !external.includes(path)),
  ];
  return [...new Set(found)].sort();
}
