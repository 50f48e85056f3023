/** Updates for measuring: realistic in size, distinct, cheap to make. */
import { type AppId, parseActionId, parseAppId, parseUpdateId } from "../shared/wire/ids.ts";
import { zeroTimestamp } from "../shared/wire/time.ts";
import type { Update } from "../shared/wire/update.ts";

const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** The seq-th update of an app, with one small action. */
export function newBenchUpdate(app: number, seq: number): Update {
  const id = parseUpdateId(ulid("B", app, seq));
  const action = parseActionId(ulid("C", app, seq));
  if (!id || !action) throw new Error("a bench id is no ULID");
  const data = {
    id: `row-${(app * 7 + seq) % 1000}`,
    title: `Row ${seq} of app ${app}`,
    done: seq % 2 === 0,
  };
  return {
    id,
    app: benchApp(app),
    seq,
    after: zeroTimestamp,
    modelVersion: 1,
    actions: [{ id: action, name: "putRow", data }],
  };
}

function benchApp(app: number): AppId {
  const id = parseAppId(ulid("A", app, 0));
  if (!id) throw new Error("a bench id is no ULID");
  return id;
}

function ulid(kind: string, app: number, seq: number): string {
  return `01KAJ${kind}${base32(app, 10)}${base32(seq, 10)}`;
}

function base32(value: number, length: number): string {
  return Array.from({ length }, (_, i) =>
    digits.charAt(Math.floor(value / 32 ** (length - 1 - i)) % 32),
  ).join("");
}
