import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withCipher } from "../../client/local/cipher.ts";
import { memoryLocal } from "../../client/local/memory.ts";
import { sqliteLocal } from "../../client/local/sqlite.ts";
import { folderLocal } from "../../client/node/folder.ts";
import { describeLocalContract } from "../../test-kit/local-contract.ts";
import { createAesGcm } from "../fixtures/aes-gcm.ts";
import { openSqlite } from "../fixtures/sqlite-driver.ts";

describeLocalContract("The memory storage", async () => ({ local: memoryLocal() }));

describeLocalContract("The folder storage", async () => {
  const path = await mkdtemp(join(tmpdir(), "icecore-local-"));
  return {
    local: folderLocal(path),
    again: async () => folderLocal(path),
    close: () => rm(path, { recursive: true }),
  };
});

describeLocalContract("The SQLite storage", async () => {
  const path = await mkdtemp(join(tmpdir(), "icecore-sqlite-"));
  const [one, other] = [openSqlite(join(path, "rows.db")), openSqlite(join(path, "rows.db"))];
  return {
    local: sqliteLocal(one.driver),
    again: async () => sqliteLocal(other.driver),
    async close() {
      one.database.close();
      other.database.close();
      await rm(path, { recursive: true });
    },
  };
});

describeLocalContract("Storage with a cipher", async () => ({
  local: withCipher(memoryLocal(), await createAesGcm("secret")),
}));
