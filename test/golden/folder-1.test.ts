import { readFileSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { withCipher } from "../../client/local/cipher.ts";
import { memoryLocal } from "../../client/local/memory.ts";
import { folderLocal } from "../../client/node/folder.ts";
import { loaded, puts, reopened, withRows } from "../../test-kit/local-contract-parts.ts";

const golden = new URL("folder-1.jsonl", import.meta.url);
const root = await mkdtemp(join(tmpdir(), "icecore-golden-"));
afterAll(() => rm(root, { recursive: true }));

it("writes a folder's journal as it was ever written, byte for byte", async () => {
  await withRows(folderLocal(join(root, "written")), "family", async (rows) => {
    await rows.commit(puts({ app: '{"format":"icecore-local-1"}', "action/1": "Schnee 🧊 \u2028" }));
    await rows.commit({ put: new Map([["place", '\ud800 \\ "']]), delete: ["action/1", "never"] });
  });
  expect(await readFile(join(root, "written", "family", "journal"), "utf8")).toBe(
    readFileSync(golden, "utf8"),
  );
});

it("reads a journal of each release there ever was", async () => {
  await mkdir(join(root, "read", "family"), { recursive: true });
  await copyFile(golden, join(root, "read", "family", "journal"));
  expect(await withRows(folderLocal(join(root, "read")), "family", loaded)).toEqual([
    ["app", '{"format":"icecore-local-1"}'],
    ["place", '\ud800 \\ "'],
  ]);
});

it("keeps an encrypted row in the form it ever had", async () => {
  const plain = memoryLocal();
  const local = withCipher(plain, { encrypt: (text) => `<${text}>`, decrypt: (text) => text.slice(1, -1) });
  await withRows(local, "family", (rows) => rows.commit(puts({ app: "me" })));
  expect(await reopened(plain, "family")).toEqual([
    ["app", '{"format":"icecore-cipher-1","sealed":"<app\\nme>"}'],
  ]);
});
