/** A secret in a file: an argument would show in the list of processes and in the shell's history. */
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "./errors.ts";
import { safeText } from "./screen.ts";

/** Far more than any secret; a log given by mistake is not read. */
const bytesMax = 4 * 1024;

/** Its first line's worth: what an editor adds at the end does not count. `option` is how it was named. */
export function readSecretFile(file: string, option: string): string {
  const path = resolve(file);
  const shown = safeText(path, 300);
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile())
    throw new UsageError(
      `${option}: there is no file ${shown}`,
      'Make one with "openssl rand -base64 48 > secret.txt"; keep it out of version control.',
    );
  if (found.size > bytesMax)
    throw new UsageError(
      `${option}: ${shown} is too long for a secret`,
      `Give a file of at most ${bytesMax} bytes.`,
    );
  try {
    return readFileSync(path, "utf8").replace(/\s+$/, "");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${option}: ${shown} cannot be read (${code})`, "Let this user read it.");
  }
}
