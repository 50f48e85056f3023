/** The todo app is built once for all page tests of a run, before several of them find that it is not. */
import { buildTodo } from "../../examples/todo/build.ts";
import { findChromium } from "../../scripts/chromium.ts";

export async function setup(): Promise<void> {
  if (findChromium() !== undefined) await buildTodo(() => undefined);
}
