import { idbLocal } from "../../../../client/idb/idb.ts";
import { describeLocalContract } from "../../../../test-kit/local-contract.ts";
import { newLocal } from "../../browser-tests.ts";

describeLocalContract("The IndexedDB storage [needs browser]", async () => {
  const { local, prefix } = newLocal();
  return { local, again: async () => idbLocal({ prefix, tabs: false }) };
});
