/** icecore init: makes a store. Making it twice is no error; making one over old objects is. */
import type { Command } from "@commander-js/extra-typings";
import { createStore, readStoreHead } from "../../shared/drive/store.ts";
import type { CommandIo } from "../io.ts";
import { openSession, storeCommand } from "../session.ts";

export function addInit(program: Command, io: CommandIo): void {
  storeCommand(program, "init", "make a store (its head); does nothing when it is there")
    .addHelpText(
      "after",
      "\nExamples:\n  $ icecore init --bucket folder:./data\n  $ icecore init --bucket folder:./data --store family",
    )
    .action(async (options) => {
      const { host, store } = await openSession(io, options, { maybeNew: true });
      const made = await createStore(host, store);
      const { head } = await readStoreHead(host, store);
      const { name } = host.bucket;
      if (io.json) io.screen.json({ store, bucket: name, made, epoch: head.epoch, rev: head.rev });
      else
        io.screen.line(
          made
            ? `Made store "${store}" in ${name}.`
            : `Store "${store}" is already there in ${name}; nothing was changed.`,
        );
    });
}
