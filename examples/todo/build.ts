/**
 * Builds the page, and then its service worker, which has to know every file of the page. A build lies in a folder that is named after
 * what it was made of, so it is there or it is not, and an old one is never served.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { build, type InlineConfig } from "vite";

const root = fileURLToPath(new URL("../../", import.meta.url));
const here = join(root, "examples", "todo");
const builds = join(root, "node_modules", ".cache", "icecore-todo");
/** What the page is made of; the lockfile stands for its packages. */
const inputs = ["shared", "client", "examples/todo", "package-lock.json"];
const worker = fileURLToPath(new URL("./worker/service-worker.ts", import.meta.url));
const hashLength = 16;

/** The folder of the present build; makes it where something has changed, and says so first. */
export async function buildTodo(onBuild: () => void): Promise<string> {
  const version = await hashOf(
    root,
    (await Promise.all(inputs.map((path) => filesBelow(join(root, path))))).flat(),
  );
  const folder = join(builds, version);
  if (existsSync(folder)) return folder;
  onBuild();
  const unfinished = join(builds, `${version}.${process.pid}`);
  await mkdir(unfinished, { recursive: true });
  try {
    await inProduction(async () => {
      await build(pagePlan(unfinished));
      await build(await workerPlan(unfinished));
    });
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
  // Somebody else may have made the same one meanwhile.
  await rename(unfinished, folder).catch(() => rm(unfinished, { recursive: true, force: true }));
  await removeOlder(version);
  return folder;
}

/** React and Vite ask the environment which of their two kinds is wanted; a test run has set it to a third. */
async function inProduction(work: () => Promise<void>): Promise<void> {
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = "production";
  try {
    await work();
  } finally {
    if (before === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = before;
  }
}

function pagePlan(outDir: string): InlineConfig {
  return { ...planned(outDir, {}), plugins: [react()] };
}

async function workerPlan(outDir: string): Promise<InlineConfig> {
  const files = await filesBelow(outDir);
  const shellFiles = files
    .map((file) => `/${pathFrom(outDir, file)}`)
    .filter((path) => path !== "/index.html");
  return {
    ...planned(outDir, {
      copyPublicDir: false,
      rolldownOptions: {
        input: worker,
        output: { format: "iife", entryFileNames: "service-worker.js" },
      },
    }),
    define: {
      shellBuild: JSON.stringify(await hashOf(outDir, files)),
      shellFiles: JSON.stringify(shellFiles),
    },
  };
}

function planned(outDir: string, more: InlineConfig["build"]): InlineConfig {
  return {
    root: here,
    configFile: false,
    logLevel: "warn",
    // Files of their own: the page's content security policy takes nothing that is written into it.
    build: {
      outDir,
      emptyOutDir: false,
      target: "es2022",
      assetsInlineLimit: 0,
      // TodoMVC's style sheet has a selector for browsers long gone, of which the minifier warns each time.
      cssMinify: false,
      ...more,
    },
  };
}

async function removeOlder(version: string): Promise<void> {
  for (const name of await readdir(builds))
    if (name !== version && !name.includes("."))
      await rm(join(builds, name), { recursive: true, force: true });
}

/** Names and contents. */
async function hashOf(base: string, files: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const file of [...files].sort())
    hash
      .update(`${pathFrom(base, file)}\n`)
      .update(await readFile(file))
      .update("\n");
  return hash.digest("hex").slice(0, hashLength);
}

async function filesBelow(path: string): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** With forward slashes everywhere. */
function pathFrom(base: string, file: string): string {
  return relative(base, file).split(sep).join("/");
}
