/** Packs the package as npm would publish it, and installs that very file into an empty folder. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Manifest, root } from "../manifest.ts";
import { type Locked, lockedWith, type Packages } from "./lock.ts";

export interface Installed {
  readonly folder: string;
  /** Where npm found the packages. */
  readonly from: string;
  readonly packages: number;
  readonly bytes: number;
}

/** The path of the packed file. */
export function pack(folder: string): string {
  const { status, stderr } = spawnSync("npm", ["pack", "--silent", "--pack-destination", folder], {
    cwd: root,
    encoding: "utf8",
  });
  const [file] = readdirSync(folder);
  if (status !== 0 || file === undefined) throw new Error(`npm pack failed: ${stderr}`);
  return join(folder, file);
}

export interface InstallOptions {
  readonly manifest: Manifest;
  readonly packed: string;
  /** What the app asks for beside icecore. */
  readonly beside: readonly string[];
}

/** First without the network; where npm's cache lacks something, with it. */
export function install(folder: string, options: InstallOptions): Installed {
  mkdirSync(folder);
  const first = npmCi(folder, options, { offline: true });
  const second = first === "" ? "" : npmCi(folder, options, { offline: false });
  if (second !== "")
    throw new Error(`npm ci failed without the network (${first.trim()}), and with it: ${second}`);
  return { folder, from: first === "" ? "npm's cache" : "npm's cache and the network", ...weigh(folder) };
}

/** Answers what npm complained about; nothing when it went well. */
function npmCi(folder: string, options: InstallOptions, { offline }: { readonly offline: boolean }): string {
  writeFiles(folder, options, offline);
  const flags = ["--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const words = ["ci", offline ? "--offline" : "--prefer-offline", ...flags];
  const { status, stderr, stdout } = spawnSync("npm", words, { cwd: folder, encoding: "utf8" });
  return status === 0 ? "" : stderr || stdout || "it said nothing";
}

function writeFiles(folder: string, { manifest, packed, beside }: InstallOptions, offline: boolean): void {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    readonly packages: Packages;
  };
  const { name, version, bin, dependencies, peerDependencies, peerDependenciesMeta, devDependencies } =
    manifest;
  const own = {
    version,
    resolved: `file:${packed}`,
    integrity: `sha512-${createHash("sha512").update(readFileSync(packed)).digest("base64")}`,
    bin,
    dependencies,
    peerDependencies,
    peerDependenciesMeta,
  };
  const others = lockedWith(packages, [...Object.keys(dependencies), ...beside]);
  const placed = Object.entries(others).map(([path, locked]) => [path, placedOf(path, locked, offline)]);
  const app = {
    name: "app",
    version: "1.0.0",
    private: true,
    type: "module",
    dependencies: {
      [name]: `file:${packed}`,
      ...Object.fromEntries(beside.map((one) => [one, devDependencies[one] ?? "*"])),
    },
  };
  const all = { "": app, [`node_modules/${name}`]: own, ...Object.fromEntries(placed) };
  const lock = { name: "app", version: "1.0.0", lockfileVersion: 3, requires: true, packages: all };
  writeFileSync(join(folder, "package.json"), JSON.stringify(app));
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify(lock));
}

/**
 * npm looks into its cache by the hash alone when the lock file names an address; one that no machine can have shows that nothing was
 * fetched. Without an address npm asks the registry that it is set to.
 */
function placedOf(path: string, locked: Locked, offline: boolean) {
  const {
    dev: _,
    resolved: __,
    ...rest
  } = locked as Locked & { readonly dev?: boolean; readonly resolved?: string };
  if (!offline) return rest;
  return { ...rest, resolved: `https://nowhere.invalid/${path.replace(/^.*node_modules\//, "")}.tgz` };
}

function weigh(folder: string): { readonly packages: number; readonly bytes: number } {
  const modules = join(folder, "node_modules");
  const { packages } = JSON.parse(readFileSync(join(modules, ".package-lock.json"), "utf8")) as {
    readonly packages: Packages;
  };
  const stats = readdirSync(modules, { recursive: true, encoding: "utf8" }).map((path) =>
    lstatSync(join(modules, path)),
  );
  const bytes = stats.reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
  return { packages: Object.keys(packages).length, bytes };
}
