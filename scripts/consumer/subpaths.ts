/** Every public subpath as an app sees it: its types under the strictest settings, and what Node loads. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Manifest, root, subpathsOf } from "../manifest.ts";
import { run, runForJson } from "./programs.ts";

/** Nothing of an app's own may be hidden by a loose setting, not even in the declarations of the packages. */
export const strictOptions = {
  target: "es2023",
  module: "nodenext",
  moduleResolution: "nodenext",
  lib: ["es2023", "dom"],
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  skipLibCheck: false,
} as const;

/** Compiles files of a folder with this repository's TypeScript; answers its lines of complaint. */
export async function compile(
  folder: string,
  options: object,
  files: readonly string[],
): Promise<readonly string[]> {
  const config = { compilerOptions: { ...strictOptions, ...options }, files };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const { code, out } = await run(
    folder,
    join(root, "node_modules/.bin/tsc"),
    "-p",
    "tsconfig.json",
    "--pretty",
    "false",
  );
  const lines = out.split("\n").filter((line) => line.includes("error TS"));
  return code === 0 || lines.length > 0 ? lines : [`tsc ended with ${code}: ${out}`];
}

/** Packages that only some subpaths need, taken from where this repository has them: they are another's, and checked by nobody here. */
export function linkPackages(folder: string, names: readonly string[]): void {
  for (const name of names) {
    const place = join(folder, "node_modules", name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(join(root, "node_modules", name), place, "dir");
  }
}

/**
 * Packages whose own declarations do not hold under exactOptionalPropertyTypes: a CDK app does without it, as `cdk init` sets it up, and
 * scripts/consumer-cdk.ts compiles one. What icecore/cdk itself declares must hold all the same.
 */
const looseDeclarations = /node_modules\/aws-cdk-lib\//;

/** Complaints by subpath; those that belong to none are under the package's name alone, with all others. */
export async function typeFaults(folder: string, manifest: Manifest): Promise<ReadonlyMap<string, string>> {
  const subpaths = subpathsOf(manifest);
  const files = subpaths.map(({ name }, i) => {
    writeFileSync(join(folder, `subpath-${i}.ts`), `export * as all from "${name}";\n`);
    return `subpath-${i}.ts`;
  });
  const lines = await compile(folder, { noEmit: true }, files);
  const faults = new Map<string, string>();
  for (const line of lines.filter((one) => !looseDeclarations.test(one))) {
    const at = /^subpath-(\d+)\.ts/.exec(line)?.[1];
    const name = (at === undefined ? undefined : subpaths[Number(at)]?.name) ?? "declarations";
    faults.set(name, `${faults.get(name) ?? ""}\n  ${line}`);
  }
  return faults;
}

export interface Loaded {
  readonly name: string;
  /** The file that Node took. */
  readonly url?: string;
  readonly exports?: number;
  readonly error?: string;
}

const loader = `const names = process.argv.slice(2);
const loaded = [];
for (const name of names)
  try {
    const { length } = Object.keys(await import(name));
    loaded.push({ name, url: import.meta.resolve(name), exports: length });
  } catch (error) {
    loaded.push({ name, error: error.message });
  }
console.log(JSON.stringify(loaded));
`;

/** What Node loads from a folder under the name of each subpath. */
export async function loadSubpaths(folder: string, manifest: Manifest): Promise<readonly Loaded[]> {
  writeFileSync(join(folder, "load.mjs"), loader);
  const names = subpathsOf(manifest).map(({ name }) => name);
  return (await runForJson(folder, process.execPath, "load.mjs", ...names)) as readonly Loaded[];
}
