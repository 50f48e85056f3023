/** icecore stores: the stores of a bucket, by their heads. */
import type { Command } from "@commander-js/extra-typings";
import { listStores } from "../../shared/drive/store.ts";
import type { CommandIo } from "../io.ts";
import { bucketCommand, openHost } from "../session.ts";

export function addStores(program: Command, io: CommandIo): void {
  bucketCommand(program, "stores", "list the stores of a bucket")
    .addHelpText("after", "\nExamples:\n  $ icecore stores --bucket folder:./data")
    .action(async (options) => {
      const host = await openHost(io, options);
      const stores = await listStores(host);
      if (io.json) io.screen.json({ bucket: host.bucket.name, stores });
      else if (stores.length === 0)
        io.screen.remark(`No store has a head in ${host.bucket.name}. "icecore init" makes one.`);
      else for (const store of stores) io.screen.line(store);
    });
}
