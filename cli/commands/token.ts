/** icecore token: a signed token for development and scripts, on stdout and nowhere else. */
import { type Command, Option } from "@commander-js/extra-typings";
import { parseStoreNames } from "../../server/roles.ts";
import { parseAppId, storeIdRule } from "../../shared/wire/ids.ts";
import { toTimestamp } from "../../shared/wire/time.ts";
import { UsageError } from "../errors.ts";
import type { CommandIo } from "../io.ts";
import { toNumber } from "../numbers.ts";
import { quoted } from "../screen.ts";
import { readSecretFile } from "../secret-file.ts";
import { loadJwt, toUsage } from "../serve-access.ts";
import { jsonTime } from "../time.ts";

const examples = `
A server takes it that has the same secret: icecore serve --auth-secret-file secret.txt --audience notes. Whoever has the secret can be
anybody, so it stays on the server and out of version control; users' own tokens come from an issuer (--auth-jwks).

reader: reads. writer: reads and writes. admin: makes new stores, too. --store takes ids, prefixes that end in *, or '*' for all.

Examples:
  $ openssl rand -base64 48 > secret.txt
  $ icecore token --secret-file secret.txt --audience notes --subject anna --role writer --store family
  $ icecore token --secret-file secret.txt --audience notes --subject ci --role admin --store 'test-*' --minutes 10 --json`;

export function addToken(program: Command, io: CommandIo): void {
  program
    .command("token")
    .description("make a signed token for development")
    .requiredOption("--secret-file <file>", "holds the secret that the server has: at least 32 bytes")
    .requiredOption("--audience <name>", "the server's, as it was given to it")
    .requiredOption("--subject <name>", "whom it is for: the principal of what they send")
    .addOption(
      new Option("--role <role>", "what it allows")
        .choices(["reader", "writer", "admin"] as const)
        .makeOptionMandatory(),
    )
    .requiredOption("-s, --store <id...>", "the stores that it is for")
    .option("--app <id>", "binds it to one app id, a ULID")
    .option("--issuer <name>", "who made it, where the server asks for that")
    .option("--minutes <number>", "how long it lasts", "60")
    .option("--json", "print JSON for programs, errors too")
    .addHelpText("after", examples)
    .action(async (options) => {
      const { audience, subject, role, store: stores, app, issuer } = options;
      const lifeSeconds = 60 * toNumber(options.minutes, { name: "--minutes", min: 1 });
      for (const name of stores) requireStoreName(name);
      if (app !== undefined && parseAppId(app) === undefined)
        throw new UsageError(
          `--app is ${quoted(app, 60)}`,
          "Give an app id: a ULID, 26 digits and capital letters without I, L, O and U, as in 01JD3N5QXZ8G4V7T2K9M6B0RWC.",
        );
      const secret = readSecretFile(options.secretFile, "--secret-file");
      const { newToken } = await loadJwt();
      const { platform, screen } = io;
      const asked = { secret, audience, issuer, subject, role, stores, app, lifeSeconds, platform };
      const expiresAt = toTimestamp(platform.now() + 1_000 * lifeSeconds);
      const token = await newToken(asked).catch((error) => {
        throw toUsage(error);
      });
      if (io.json) screen.json({ token, subject, role, stores, expiresAt: jsonTime(expiresAt) });
      else screen.line(token);
    });
}

function requireStoreName(name: string): void {
  if (parseStoreNames([name]) !== undefined) return;
  throw new UsageError(
    `--store is ${quoted(name, 100)}`,
    `Give a store id, a prefix of one that ends in *, or '*' for all: ${storeIdRule}.`,
  );
}
