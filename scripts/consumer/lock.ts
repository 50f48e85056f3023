/**
 * The lock file of an app that installs the packed package: the very versions that this repository is tested with, found in its own lock
 * file. With it npm needs no word from a registry, and takes every package from its cache by the hash, where "npm ci" has left them.
 */

export interface Locked {
  readonly version: string;
  readonly integrity: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

export type Packages = Readonly<Record<string, Locked>>;

/** The entries of `names` and of all that they need, at the places where they stand. Optional peers stay out, as npm leaves them out. */
export function lockedWith(packages: Packages, names: readonly string[]): Readonly<Record<string, Locked>> {
  const needed: Record<string, Locked> = {};
  const queue = names.map((name) => ({ from: "", name }));
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const path = placeOf(packages, next.from, next.name);
    const locked = path === undefined ? undefined : packages[path];
    if (path === undefined || locked === undefined)
      throw new Error(
        `package-lock.json has no ${next.name} for ${next.from || "the root"}: run "npm install"`,
      );
    if (needed[path] !== undefined) continue;
    needed[path] = locked;
    for (const name of needsOf(locked)) queue.push({ from: path, name });
  }
  return needed;
}

/** As Node looks it up: the nearest node_modules on the way to the root. */
function placeOf(packages: Packages, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const path = `${folder}${folder === "" ? "" : "/"}node_modules/${name}`;
    if (packages[path] !== undefined) return path;
    if (folder === "") return undefined;
  }
}

function needsOf(locked: Locked): readonly string[] {
  const { dependencies, optionalDependencies, peerDependencies = {}, peerDependenciesMeta = {} } = locked;
  const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
  return [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers];
}
