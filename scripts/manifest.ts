/** What package.json says of the public subpaths, for the scripts that look at the package as its users do. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

type Versions = Readonly<Record<string, string>>;

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly files: readonly string[];
  readonly bin: Versions;
  readonly dependencies: Versions;
  readonly devDependencies: Versions;
  readonly peerDependencies: Versions;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
}

export interface Subpath {
  /** As an app imports it: `icecore/client`. */
  readonly name: string;
  /** From the root: `dist/client/index.d.ts`. */
  readonly types: string;
  /** From the root: `client/index.ts`. */
  readonly source: string;
}

export function readManifest(): Manifest {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
}

/** Those that hold code, in the order of package.json. */
export function subpathsOf({ name, exports }: Pick<Manifest, "name" | "exports">): readonly Subpath[] {
  return Object.entries(exports).flatMap(([key, target]) => {
    if (typeof target === "string") return [];
    const types = target.types.replace(/^\.\//, "");
    const source = types.replace(/^dist\//, "").replace(/\.d\.ts$/, ".ts");
    return [{ name: `${name}${key.slice(1)}`, types, source }];
  });
}
