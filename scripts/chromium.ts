/** The Chromium that tests drive: the one of the system, found by its name, with what makes it quiet and the same everywhere. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** As Debian, Ubuntu, Alpine and Google's own packages call it. */
const names = ["chromium", "chromium-browser", "google-chrome"];

/** Its path, or undefined where there is none. ICECORE_CHROMIUM names another one, or none that exists. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const { ICECORE_CHROMIUM: wish, PATH = "" } = env;
  if (wish) return isProgram(wish) ? wish : undefined;
  const folders = PATH.split(delimiter).filter((folder) => folder !== "");
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
}

/** Root (CI) has no sandbox to give; the rest keeps it from calling home. */
export const chromiumArgs: readonly string[] = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
