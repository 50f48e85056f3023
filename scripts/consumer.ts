/**
 * `npm run test:consumer`: the package as its users get it. Packed, installed into empty folders, the README compiled and run there, in Node
 * and in Chromium, over the server that the package brings.
 *
 * 1. Two folders are installed from the packed file: an app's and a server's.
 * 2. The README's TypeScript and the programs of test/consumer are compiled in the app's folder, as strictly as can be.
 * 3. They run: two stores over memory; the README's client at the README's server, read back by another process; a page in Chromium.
 * 4. Every subpath is compiled and loaded.
 */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Command } from "@commander-js/extra-typings";
import { optionsOf } from "../examples/program.ts";
import { findChromium } from "./chromium.ts";
import { buildAndPack } from "./consumer/build.ts";
import { type Checks, createChecks } from "./consumer/checks.ts";
import { bundleApp, runInBrowser } from "./consumer/in-browser.ts";
import { type Installed, install } from "./consumer/install.ts";
import { type Running, runForJson, start } from "./consumer/programs.ts";
import { type AppFile, asApp, readmeFiles } from "./consumer/readme.ts";
import { compile, linkPackages, loadSubpaths, typeFaults } from "./consumer/subpaths.ts";
import { readManifest, root, subpathsOf } from "./manifest.ts";

optionsOf(
  new Command("npm run test:consumer --").description(
    "Packs the package, installs it into empty folders and runs the README there. Exit code 1: something of it failed.",
  ),
);
const manifest = readManifest();
const besideApp = ["zod"];
const besideServer = ["zod", "hono", "@hono/node-server", "@aws-sdk/client-s3"];
/** What the app is besides the README: three programs, and what they share. */
const programs = [
  "test/consumer/memory.ts",
  "test/consumer/page.ts",
  "test/consumer/read-back.ts",
  "test/consumer/seen.ts",
];
/** Of the README's address this alone is changed: another server may have the port. */
const readmeServer = "http://127.0.0.1:8787";
const milk = { id: "t1", title: "Milk", done: false };
const bread = { id: "t2", title: "Bread", done: false };

const temp = mkdtempSync(join(tmpdir(), "icecore-consumer-"));
const checks = createChecks(process.env, console.log);
try {
  await checkAll(checks);
} finally {
  rmSync(temp, { recursive: true, force: true });
}
process.exitCode = checks.close();

async function checkAll({ check }: Checks): Promise<void> {
  mkdirSync(join(temp, "packed"));
  const built = await check("The sources compile.", () => buildAndPack(join(temp, "packed"), manifest));
  if (built === undefined) return;
  const installed = (name: string, beside: readonly string[]) =>
    check(`An empty folder installs the packed file with ${beside.join(", ")}.`, () =>
      install(join(temp, name), { manifest, packed: built, beside }),
    );
  const app = await installed("app", besideApp);
  const server = await installed("server", besideServer);
  if (app === undefined || server === undefined) return;
  await checkApp(app.folder, server.folder);
  await checkSubpaths(app.folder, server.folder);
  console.log(
    `\n${weight("a browser app", app, besideApp)}\n${weight("a server on S3", server, besideServer)}`,
  );
}

async function checkApp(app: string, server: string): Promise<void> {
  const readme = readmeFiles(readFileSync(join(root, "README.md"), "utf8"));
  const files = [...readme, ...ownFiles()];
  const node = (...words: string[]) => runForJson(app, process.execPath, ...words);
  for (const { path, text } of files) writeFileSync(join(app, path), text);
  const compiled = await checks.check(
    `The README's ${readme.length} files and ${files.length - readme.length} more compile.`,
    async () => {
      const emit = { rewriteRelativeImportExtensions: true, outDir: "out", rootDir: "." };
      expectSame(
        await compile(
          app,
          emit,
          files.map(({ path }) => path),
        ),
        [],
      );
      return true;
    },
  );
  if (!compiled) return;
  await checks.check(
    "Two stores over one bucket in memory see each other's work, and it is published.",
    async () => {
      expectSame(await node("out/memory.js"), { anna: [milk], ben: [milk], pending: 0 });
    },
  );
  writeFileSync(join(server, "model.js"), readFileSync(join(app, "out/model.js")));
  const bin = join(server, "node_modules/.bin/icecore");
  const serving = start(
    server,
    bin,
    ..."serve --bucket folder:./bucket --store family --model model.js --port 0".split(" "),
  );
  try {
    const url = await checks.check("The installed program serves the README's model.", async () => {
      return (await serving.printed(/Listening on (http:\/\/[\w.:]+)/))[1] ?? "";
    });
    if (url !== undefined) await checkClients(app, readme, url);
  } finally {
    await serving.stop();
  }
}

function ownFiles(): readonly AppFile[] {
  const sources = new Map(subpathsOf(manifest).map(({ name, source }) => [source, name]));
  return programs.map((path) => ({
    path: basename(path),
    text: asApp(readFileSync(join(root, path), "utf8"), sources),
  }));
}

async function checkClients(app: string, readme: readonly AppFile[], url: string): Promise<void> {
  const clients = readme
    .filter(({ text }) => text.includes(readmeServer))
    .map(({ path }) => join(app, "out", path.replace(/ts$/, "js")));
  const [client = ""] = clients;
  await checks.check("The README's client writes to the server, and another machine reads it.", async () => {
    expectSame(clients.length, 1, "one file of the README talks to the server");
    writeFileSync(client, readFileSync(client, "utf8").replaceAll(readmeServer, url));
    const running: Running = start(app, process.execPath, client);
    try {
      expectSame(await runForJson(app, process.execPath, "out/read-back.js", url), [milk]);
      await running.printed(/Milk[\s\S]*idle/);
    } finally {
      await running.stop();
    }
  });
  const bundle = await checks.check(
    "A bundle of the app for browsers holds no module of Node, no AWS SDK and no command line.",
    async () => {
      const made = await bundleApp(app, "page.ts");
      const inputs = Object.keys(made.metafile.inputs).filter((path) =>
        /@aws-sdk|@smithy|commander|cli-progress|\/dist\/(server|cli)\//.test(path),
      );
      expectSame(inputs, []);
      expectSame(made.text.match(/["'`]node:\w+/g), null);
      return made;
    },
  );
  if (bundle === undefined) return;
  const title =
    "In Chromium a store in IndexedDB writes, another one reads it, and it is still there when opened again. [needs browser]";
  const executable = findChromium();
  if (executable === undefined) return checks.skip(title);
  await checks.check(title, async () => {
    expectSame(await runInBrowser(executable, url, bundle), { read: [milk, bread], kept: [milk, bread] });
  });
}

async function checkSubpaths(app: string, server: string): Promise<void> {
  const { check } = checks;
  const optional = Object.keys(manifest.peerDependencies);
  const bare = await loadSubpaths(app, manifest);
  const needy = bare.flatMap(({ name, error }) => (error === undefined ? [] : [{ name, error }]));
  await check(
    `Without any optional peer ${bare.length - needy.length} subpaths load; the others name what they need.`,
    () => {
      const unnamed = needy.filter(({ error }) => !optional.some((peer) => error.includes(`'${peer}'`)));
      expectSame(unnamed, []);
    },
  );
  const linked = [...optional.filter((name) => !besideServer.includes(name)), "@types/react"];
  linkPackages(server, linked);
  const faults = await typeFaults(server, manifest);
  const loaded = await loadSubpaths(server, manifest);
  await check("The declarations of the package and of its peers hold without skipLibCheck.", () =>
    expectNone(faults.get("declarations")),
  );
  await check(`${manifest.name}/package.json resolves in the packed file.`, () => {
    const path = createRequire(join(server, "app.js")).resolve(`${manifest.name}/package.json`);
    expectSame(path, join(realpathSync(server), "node_modules", manifest.name, "package.json"));
  });
  for (const { name, url, exports: count, error } of loaded) {
    await check(`The types of ${name} resolve.`, () => expectNone(faults.get(name)));
    await check(`${name} loads from the packed file.`, () => {
      expectNone(error);
      expectSame(url?.includes("/server/node_modules/icecore/dist/"), true, `it came from ${url}`);
      expectSame((count ?? 0) > 0, true, "it exports nothing");
    });
  }
}

function expectNone(complaint: string | undefined): void {
  if (complaint !== undefined) throw new Error(complaint);
}

function expectSame(got: unknown, wanted: unknown, about = ""): void {
  if (isDeepStrictEqual(got, wanted)) return;
  throw new Error(
    `${about === "" ? "" : `${about}: `}got ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}`,
  );
}

function weight(who: string, { packages, bytes, from }: Installed, beside: readonly string[]): string {
  return `${who} (icecore, ${beside.join(", ")}) installs ${packages} packages, ${(bytes / 1e6).toFixed(1)} MB; npm took them from ${from}`;
}
