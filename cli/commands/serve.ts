/** icecore serve: the HTTP API and a rollup over one bucket, in one process, until it is stopped. */
import type { Command } from "@commander-js/extra-typings";
import { requireFitBucket } from "../../shared/drive/self-test.ts";
import { createStore } from "../../shared/drive/store.ts";
import { StoreError } from "../../shared/errors.ts";
import { UsageError } from "../errors.ts";
import type { CommandIo } from "../io.ts";
import { loadModel } from "../model-file.ts";
import { toNumber } from "../numbers.ts";
import { quoted } from "../screen.ts";
import { toServeAccess } from "../serve-access.ts";
import { bucketCommand, openHost, toStoreId } from "../session.ts";

const examples = `
Clients reach it with httpRemote("http://127.0.0.1:8787"). It makes the stores given with --store where they are missing, and serves no
others; without --store it serves all that there are, and lets clients make new ones. Each request is one line of output.

With --auth-secret-file or --auth-jwks it lets in who sends a token that holds, as far as its claims "role" (reader, writer, admin) and
"stores" (ids, prefixes that end in *, or "*") go; "icecore token" makes such tokens for development. Without these, everybody on this
machine may use it on this machine's own address; beyond it only with --open, and then everybody may read and write everything.
Put something that speaks HTTPS before it: clients refuse plain HTTP from other machines.

Pages of another origin, say of a dev server, may use it with --cors-origin; or let that server pass /v1 on to it.

Ctrl-C or SIGTERM: it takes no more requests, finishes those at work and its round, and ends with exit code 0.

Examples:
  $ icecore serve --bucket folder:./data --model model.ts --store family
  $ icecore serve --bucket folder:./data --model model.ts --auth-secret-file secret.txt --audience todos
  $ icecore serve --bucket 's3://notes?region=eu-central-1' --model notes.js --host 0.0.0.0 --port 80 --json \\
      --auth-jwks https://login.example.com/.well-known/jwks.json --audience notes --issuer https://login.example.com \\
      --cors-origin https://notes.example.com`;

export function addServe(program: Command, io: CommandIo): void {
  bucketCommand(program, "serve", "serve stores over HTTP, with their rollup, until it is stopped")
    .requiredOption("-m, --model <file>", "a script that exports the model: what updates are checked by")
    .option("-s, --store <id...>", "serve these alone; they are made where they are missing (default: all)")
    .option("-p, --port <number>", "0 for any that is free", "8787")
    .option("--host <address>", "where to listen", "127.0.0.1")
    .option(
      "--auth-secret-file <file>",
      "let in tokens signed with the secret in this file (HS256; default: no tokens)",
    )
    .option(
      "--auth-jwks <url>",
      "let in tokens signed with the keys that an issuer publishes there (default: no tokens)",
    )
    .option("--audience <name>", "the aud that tokens must have")
    .option("--issuer <name>", "the iss that tokens must have (default: any)")
    .option(
      "--cors-origin <origin...>",
      'let pages of this origin use it from a browser, as in http://localhost:5173; "*" for all (default: none)',
    )
    .option("--open", "let everybody who reaches it read and write everything (default: this machine alone)")
    .option("--every <seconds>", "between two looks for what others wrote (default: 5, on s3:// 60)")
    .addHelpText("after", examples)
    .action(async (options) => {
      const stores = options.store?.map(toStoreId) ?? null;
      const port = toPort(options.port);
      const everyMs = options.every === undefined ? null : everyOf(options.every);
      const corsOrigins = options.corsOrigin?.map(toOrigin);
      const access = await toServeAccess(options, stores, io.platform);
      const { serve } = await loadServing();
      const model = await loadModel(options.model);
      const local = !/^s3:/.test(options.bucket ?? "");
      // Nothing at work is cut off by Ctrl-C: the server ends in its own order.
      const whole = { ...io, signal: new AbortController().signal };
      const settings = { attemptsMax, ...(local ? { graceMs: 0 } : {}) };
      const host = await openHost(whole, options, { maybeNew: true, settings });
      await requireFitBucket(host);
      for (const store of stores ?? []) await createStore(host, store);
      await serve(io, host, {
        model,
        stores,
        port,
        hostname: options.host,
        access,
        corsOrigins,
        everyMs: everyMs ?? (local ? 5_000 : 60_000),
      });
    });
}

/** A client waits behind an append; after some ten seconds it is better told to come later. */
const attemptsMax = 8;

/** The server's packages are loaded by this command alone: the others work without them. */
async function loadServing() {
  return import("../serving.ts").catch((cause) => {
    throw new StoreError(
      {
        kind: "incompatible",
        what: '"icecore serve" needs hono and @hono/node-server, which are not installed',
        fix: 'Run "npm install hono @hono/node-server".',
      },
      cause,
    );
  });
}

function toPort(text: string): number {
  const port = toNumber(text, { name: "--port", min: 0 });
  if (port < 65_536) return port;
  throw new UsageError(`--port is ${port}`, "Give a number from 0 to 65535.");
}

/** An origin as browsers send it: scheme, name and port, nothing behind them. */
function toOrigin(text: string): string {
  if (text === "*") return text;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url && /^https?:$/.test(url.protocol) && url.origin === text) return text;
  // An app's web view has a scheme of its own: capacitor://localhost, tauri://localhost.
  if (url && !/^https?:$/.test(url.protocol) && /^[a-z][a-z0-9+.-]*:\/\/[a-z0-9.-]+$/.test(text)) return text;
  const near = url && /^https?:$/.test(url.protocol) ? ` Is it ${url.origin}?` : "";
  throw new UsageError(
    `--cors-origin is ${quoted(text, 100)}`,
    `Give what a browser calls the page's origin, as in http://localhost:5173, or "*" for all.${near}`,
  );
}

function everyOf(text: string): number {
  return 1_000 * toNumber(text, { name: "--every", min: 0.1, fraction: true });
}
