/**
 * `npm run api`: writes what each public subpath exports into docs/api, so that a change of it is seen in every review.
 *
 * With `--check`, as `npm run check` runs it, it writes nothing and fails where they are out of date.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { apiReports, staleReports } from "./api/report.ts";
import { readManifest, root, subpathsOf } from "./manifest.ts";

const made = apiReports(subpathsOf(readManifest()));
const stale = staleReports(made, readKept());

if (!process.argv.includes("--check")) {
  write();
  console.log(`${made.length} reports in docs/api, ${stale.length} of them new, changed or gone`);
} else if (stale.length === 0) console.log(`docs/api: ${made.length} reports are what the code exports`);
else {
  for (const line of stale) console.error(line);
  console.error('Run "npm run build && npm run api", look at what changed, and commit it with the change.');
  process.exitCode = 1;
}

function readKept(): ReadonlyMap<string, string> {
  mkdirSync(join(root, "docs/api"), { recursive: true });
  const names = readdirSync(join(root, "docs/api"), { recursive: true, encoding: "utf8" });
  const paths = names
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/api/${name.replaceAll("\\", "/")}`);
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), "utf8")]));
}

function write(): void {
  rmSync(join(root, "docs/api"), { recursive: true });
  for (const { path, text } of made) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
