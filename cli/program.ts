/** The program: its commands, and what help and wrong usage look like. */
import { createRequire } from "node:module";
import { Command } from "@commander-js/extra-typings";
import { addBisect } from "./commands/bisect.ts";
import { addDiff } from "./commands/diff.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addExport } from "./commands/export.ts";
import { addGc } from "./commands/gc.ts";
import { addHead } from "./commands/head.ts";
import { addImport } from "./commands/import.ts";
import { addInit } from "./commands/init.ts";
import { addLog } from "./commands/log.ts";
import { addRecover } from "./commands/recover.ts";
import { addReplay } from "./commands/replay.ts";
import { addRollup } from "./commands/rollup.ts";
import { addServe } from "./commands/serve.ts";
import { addShow } from "./commands/show.ts";
import { addStores } from "./commands/stores.ts";
import { addToken } from "./commands/token.ts";
import { addVerify } from "./commands/verify.ts";
import type { CommandIo } from "./io.ts";

const commands = [
  addDoctor,
  addInit,
  addStores,
  addHead,
  addLog,
  addShow,
  addReplay,
  addDiff,
  addBisect,
  addVerify,
  addExport,
  addImport,
  addRollup,
  addServe,
  addToken,
  addGc,
  addRecover,
];

const examples = `
Examples:
  $ icecore doctor --bucket 's3://notes?region=eu-central-1'
  $ icecore init --bucket folder:./data
  $ icecore log --bucket folder:./data --from -1h --follow
  $ icecore replay --bucket folder:./data --model model.ts --at "2d ago"
  $ icecore verify --bucket folder:./data

--bucket and --store can be set once as ICECORE_BUCKET and ICECORE_STORE. Credentials for s3:// come from the environment
(AWS_ACCESS_KEY_ID …), AWS_PROFILE or the machine's role, as the AWS SDK finds them.
Exit codes: 0 fine, 1 trouble or findings, 2 wrong usage, 130 stopped (serve: 0). ICECORE_DEBUG=1 shows where an error came from.`;

export function createProgram(io: CommandIo): Command {
  const program = new Command("icecore")
    .description("Looks into a store and keeps it tidy: everything in it is read back from its objects.")
    .version(releaseName(), "-V, --version", "print the release")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void (io.json || io.stderr.write(text)),
      // Wrong usage is reported with all other trouble, in one form.
      outputError: () => undefined,
    })
    .addHelpText("after", examples);
  for (const add of commands) add(program, io);
  return program;
}

/** By the package's own name: from its sources and from what is compiled of them alike. */
function releaseName(): string {
  const manifest: unknown = createRequire(import.meta.url)("icecore/package.json");
  return (manifest as { readonly version: string }).version;
}
