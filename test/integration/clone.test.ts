/** In a clone, before anything is compiled: what the README says to type. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readmeFiles } from "../../scripts/consumer/readme.ts";

const folder = mkdtempSync(join(tmpdir(), "icecore-clone-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("npm run icecore takes the README's model, and npm run app runs a program beside it, from the sources.", () => {
  const sources = [
    "shared",
    "bucket",
    "client",
    "server",
    "cli",
    "scripts",
    "package.json",
    "tsconfig.base.json",
  ];
  const isSource = (path: string) => !path.includes("node_modules");
  for (const name of sources) cpSync(name, join(folder, name), { recursive: true, filter: isSource });
  symlinkSync(join(process.cwd(), "node_modules"), join(folder, "node_modules"));
  const [model] = readmeFiles(readFileSync("README.md", "utf8"));
  expect(model?.path).toBe("model.ts");
  writeFileSync(join(folder, "model.ts"), model?.text ?? "");
  writeFileSync(
    join(folder, "app.ts"),
    'import { memoryLocal, openStore } from "icecore/client";\nimport { folderLocal } from "icecore/client/node";\nimport { idbLocal } from "icecore/idb";\nimport { model } from "./model.ts";\nconst store = openStore({ model, storeId: "family", local: memoryLocal() });\nstore.do.addTodo({ id: "t1", title: "Milk" });\nconsole.log(store.state.todos.size, typeof folderLocal, typeof idbLocal);\nawait store.close();\n',
  );
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
  const npm = (name: string, ...words: readonly string[]) => {
    const [, ...given] = (scripts[name] ?? "").split(" ");
    const { status, stdout, stderr } = spawnSync("node_modules/.bin/tsx", [...given, ...words], {
      cwd: folder,
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  };
  expect(npm("app", "app.ts")).toEqual({ status: 0, stdout: "1 function function\n", stderr: "" });
  const bucket = ["--bucket", "folder:./data", "--store", "family"];
  expect(npm("icecore", "init", ...bucket)).toMatchObject({ status: 0, stderr: "" });
  expect(npm("icecore", "replay", ...bucket, "--model", "model.ts")).toMatchObject({
    status: 0,
    stderr: "",
    stdout: expect.stringContaining("todos version 1"),
  });
  writeFileSync(join(folder, "lost.ts"), 'export * from "no-such-package";\n');
  expect(npm("icecore", "replay", ...bucket, "--model", "lost.ts")).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("Install what it imports"),
  });
});

test("What is packed is compiled before, also in a fresh clone.", () => {
  const { scripts, files } = JSON.parse(readFileSync("package.json", "utf8")) as {
    scripts: Record<string, string>;
    files: readonly string[];
  };
  const compiled = (scripts.prepack ?? "").replace(/^tsc -b /, "").split(" ");
  const packed = files.filter((file) => file.startsWith("dist/")).map((file) => file.slice("dist/".length));
  expect(compiled).toEqual(expect.arrayContaining(packed));
});
