/** The import table: which folder may import which, and the layers inside shared/. */
import { type Finding, finding, folderOf, type Import, importsOf, type Source } from "./source.ts";

const free = ["examples", "bench", "scripts", "test"] as const;
const testKitMay = ["shared", "bucket", "client", "server", "lambdas"];

/** Folder -> the other folders it may import from. Who is missing here may import anything. */
export const folderTable: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  bucket: ["shared"],
  client: ["shared"],
  server: ["shared"],
  lambdas: ["server", "bucket", "shared"],
  cdk: ["lambdas", "shared"],
  cli: ["server", "bucket", "shared"],
  "test-kit": testKitMay,
};

const base = ["base"];
const ports = [...base, "ports", "wire"];

/** Layer of shared/ -> the layers it may import from, itself included. `base` are the files at its top. */
export const layerTable: Readonly<Record<string, readonly string[]>> = {
  base,
  codec: [...base, "codec"],
  // Two layers at one height: wire needs the hash port, the replica port speaks of wire's updates.
  ports,
  wire: ports,
  model: [...ports, "codec", "model"],
  fold: [...ports, "codec", "model", "fold"],
  log: [...ports, "log"],
  drive: [...ports, "codec", "model", "fold", "log", "drive"],
};

/** Packages that shared/ may import: small, pure, no clock and no randomness. */
export const sharedPackages: readonly string[] = ["fractional-indexing"];

export function checkFolders(sources: readonly Source[]): readonly Finding[] {
  return sources.flatMap((source) => {
    const from = folderOf(source.path);
    const may = folderTable[from];
    if (!may) return [];
    return importsOf(source).flatMap((one) => {
      const to = one.path === undefined ? from : folderOf(one.path);
      if (to === from || may.includes(to)) return [];
      const allowed = may.length === 0 ? "nothing but itself" : `only ${may.join(", ")} and itself`;
      return [
        finding(
          source,
          one.node,
          `${from}/ imports ${one.path}, but may import ${allowed}: move what both need to shared/, or hand it in.`,
        ),
      ];
    });
  });
}

export function checkLayers(sources: readonly Source[]): readonly Finding[] {
  return sources.flatMap((source) => {
    const from = layerOf(source.path);
    const may = from === undefined ? undefined : layerTable[from];
    if (from === undefined) return [];
    if (!may)
      return [{ at: source.path, what: `shared/${from}/ is no layer yet: give it a place in layerTable.` }];
    return importsOf(source).flatMap((one) => checkLayer(source, one, { from, may }));
  });
}

function checkLayer(
  source: Source,
  one: Import,
  layer: { from: string; may: readonly string[] },
): readonly Finding[] {
  if (one.path === undefined) {
    if (sharedPackages.includes(one.name)) return [];
    return [finding(source, one.node, `shared/ imports "${one.name}": it takes such things through a port.`)];
  }
  const to = layerOf(one.path);
  if (to === undefined || layer.may.includes(to)) return [];
  return [
    finding(
      source,
      one.node,
      `${layer.from} imports ${to} (${one.path}), which is not below it: move the shared part down, or the caller up.`,
    ),
  ];
}

/** The layer of a file of shared/; undefined elsewhere and for shared/index.ts, which gathers them all. */
function layerOf(path: string): string | undefined {
  if (folderOf(path) !== "shared" || path === "shared/index.ts") return undefined;
  const inside = path.slice("shared/".length);
  return inside.includes("/") ? folderOf(inside) : "base";
}

/** Nobody imports what is not product code, save its own kind. */
export function checkFreeFolders(sources: readonly Source[]): readonly Finding[] {
  const isFree = (folder: string) => free.some((one) => one === folder);
  return sources.flatMap((source) => {
    if (isFree(folderOf(source.path)) || !source.path.includes("/")) return [];
    const outside = importsOf(source).filter((one) => one.path !== undefined && isFree(folderOf(one.path)));
    return outside.map((one) =>
      finding(source, one.node, `imports ${one.path}: product code never needs ${free.join("/, ")}/.`),
    );
  });
}

/** Files that need each other in a circle at run time: which one is loaded first decides whether they work. */
export function checkCircles(sources: readonly Source[]): readonly Finding[] {
  const paths = new Set(sources.map((source) => source.path));
  const needed = (one: Import) =>
    one.path !== undefined && !one.typeOnly && paths.has(one.path) ? [one.path] : [];
  const graph = new Map(sources.map((source) => [source.path, importsOf(source).flatMap(needed)]));
  const done = new Set<string>();
  const findings: Finding[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      const circle = [...trail.slice(start), path].join(" -> ");
      findings.push({
        at: path,
        what: `imports itself by way of others: ${circle}. Move what they share to a file of its own.`,
      });
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return findings;
}
