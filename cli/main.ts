#!/usr/bin/env node
/** The icecore command line: hands the real process to runCli. Ctrl-C stops between two requests; a second one at once. */
import { createNodePlatform } from "../bucket/platform/node.ts";
import { runCli } from "./run-cli.ts";

// What the AWS SDK says of the future of this Node is no news to who looks into a bucket.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

const stop = new AbortController();
const signalCodes = { SIGINT: 130, SIGTERM: 143 } as const;
let stoppedBy: number | null = null;

for (const [name, code] of Object.entries(signalCodes)) {
  process.on(name, () => {
    if (stoppedBy !== null) process.exit(code);
    stoppedBy = code;
    stop.abort();
  });
}
// The reader of our output has gone (`icecore log | head`): end quietly. Whatever was going on may be cut off at any moment.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  const where = "Give the output a place that can be written and has room, then run it again.";
  process.stderr.write(`error: The output could not be written (${error.code})\n  ${where}\n`);
  process.exit(1);
});
process.stderr.on("error", () => undefined);

const code = await runCli(process.argv.slice(2), {
  stdin: () => process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  platform: createNodePlatform(),
  signal: stop.signal,
});
process.exitCode = code === 0 ? 0 : (stoppedBy ?? code);
