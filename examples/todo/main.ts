/**
 * `npm start -- [--port N] [--folder PATH]`: builds the page where that is due, serves it with its store, prints the address.
 *
 * Ctrl-C finishes what is at work and ends with exit code 0; 1 where something went wrong.
 */
import { Command } from "@commander-js/extra-typings";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { StoreError } from "../../shared/errors.ts";
import { optionsOf, whole } from "../program.ts";
import { buildTodo } from "./build.ts";
import { serveTodo } from "./serve.ts";

const portDefault = 4173;
const portsMore = 20;

const program = new Command("npm start --")
  .description("A todo list that works offline: the page, its server and its store, all on this machine.")
  .option(
    "--port <n>",
    `where to listen (default: ${portDefault}, or the next that is free)`,
    whole(0, 65_535),
  )
  .option("--folder <path>", "where the store is kept", "./.icecore")
  .addHelpText(
    "after",
    `
Open the address in two browsers, or in a window and a private window, and type in both. End the server and go on typing: it is sent
when the server is back. What the folder holds can be looked into meanwhile:
  $ npm run icecore -- log --bucket folder:./.icecore --store todos --follow`,
  );

process.exitCode = await main(optionsOf(program));

async function main({ port, folder }: ReturnType<typeof program.opts>): Promise<number> {
  const stopped = untilStopped();
  try {
    const built = await buildTodo(() => say("Building the page …"));
    const serving = await serveTodo({
      platform: createNodePlatform(),
      folder,
      built,
      port: port ?? portDefault,
      portsMore: port === undefined ? portsMore : 0,
      onTrouble: say,
    });
    process.stdout.write(`todos  ${serving.url}\n`);
    say(`The store is kept in ${folder}. Ctrl-C ends the server.`);
    await stopped;
    say("Ending …");
    await serving.close();
    return 0;
  } catch (error) {
    say(error instanceof StoreError ? `error: ${error.message}` : String((error as Error).stack ?? error));
    return 1;
  }
}

/** The first Ctrl-C ends in order, the second at once. */
function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => resolve());
  });
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
