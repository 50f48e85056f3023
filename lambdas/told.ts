/**
 * What the log says of something that was thrown: for a StoreError what it tells, for all else its name, text and place. Never a cause or
 * further members: an SDK's error may hold a request with its headers there.
 */
import { StoreError } from "../shared/errors.ts";
import type { JsonObject } from "../shared/json.ts";
import { stackLinesMax, toldMax } from "./limits.ts";

export function toldOf(thrown: unknown): JsonObject {
  if (thrown instanceof StoreError) {
    const { kind, what, fix, store, app, key } = thrown;
    const where = Object.entries({ store, app, key }).filter(([, value]) => value !== undefined);
    return { kind, what, fix, ...(Object.fromEntries(where) as JsonObject) };
  }
  if (!(thrown instanceof Error))
    return { kind: "bug", what: `something that is no error was thrown (${typeof thrown})` };
  const stack = (thrown.stack ?? "").split("\n").filter((line) => /^\s*at /.test(line));
  const place = stack.slice(0, stackLinesMax).map((line) => line.trim().slice(0, toldMax));
  return { kind: "bug", what: `${thrown.name}: ${thrown.message}`.slice(0, toldMax), place };
}
