/**
 * `npm run notes -- [--as NAME] [--port N] [--folder PATH]`: a list of notes in a terminal. Start it in two, and both write one list.
 *
 * Whoever is there serves: the first takes the port, and when it ends another one that is still there takes over. What is written while
 * nobody serves, or after `offline`, waits on this disk and goes out later.
 */
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Command } from "@commander-js/extra-typings";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import type { FetchLike } from "../../client/index.ts";
import { StoreError } from "../../shared/errors.ts";
import { optionsOf, whole } from "../program.ts";
import { answer, intro } from "./commands.ts";
import { openNotes } from "./open.ts";
import { keepServing } from "./serving.ts";
import { createView } from "./view.ts";

const program = new Command("npm run notes --")
  .description("Notes in a terminal: start it in two, write in both, go offline and come back.")
  .option("--as <name>", "who writes; each name has its own folder on this disk", "anna")
  .option("--port <n>", "where whoever is there first serves", whole(1, 65_535), 8790)
  .option("--folder <path>", "where the notes of this machine are kept", "./.icecore/notes");

process.exitCode = await main(optionsOf(program));

async function main({ as: name, port, folder }: ReturnType<typeof program.opts>): Promise<number> {
  if (!/^[\w-]{1,40}$/.test(name)) {
    console.error("error: a name is letters, digits, _ and -. Give another one: --as NAME.");
    return 2;
  }
  const platform = createNodePlatform();
  const network = { online: true };
  const cuttable: FetchLike = async (...request) => {
    if (!network.online) throw new TypeError("offline, as asked");
    return (fetch as unknown as FetchLike)(...request);
  };
  const server = `http://127.0.0.1:${port}`;
  const store = openNotes(join(folder, name), server, { fetch: cuttable });
  // In the order in which they were made.
  const newId = () => `${platform.now().toString(36)}-${platform.newNonce().slice(0, 4)}`;
  const bucket = join(folder, "bucket");
  const serving = keepServing({ platform, port, bucket, onBegin: () => store.sync.wake("served here") });
  await Promise.all([serving.tried, store.loaded]);
  const input = createInterface({ input: process.stdin, output: process.stdout });
  const view = createView(store, input, name);
  try {
    console.log(intro);
    view.start();
    for await (const line of input) {
      const said = await answer(line, { store, name, network, newId });
      if (said === "quit") break;
      view.show(said);
    }
    return 0;
  } catch (error) {
    console.error(error instanceof StoreError ? `error: ${error.message}` : error);
    return 1;
  } finally {
    view.stop();
    input.close();
    await store.close();
    await serving.stop();
  }
}
