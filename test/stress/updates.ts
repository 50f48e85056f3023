/** The updates of a stress run: each is told by its writer and seq alone, so that one that is sent again is the same. Sizes differ. */
import { createHash } from "node:crypto";
import { type AppId, parseActionId, parseAppId, parseUpdateId } from "../../shared/wire/ids.ts";
import type { Timestamp } from "../../shared/wire/time.ts";
import type { Update } from "../../shared/wire/update.ts";

const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const paddingMax = 1_500;
const actionsMax = 4;

export function stressUpdate(writer: number, seq: number, after: Timestamp): Update {
  const id = parseUpdateId(ulid("B", writer, seq));
  const chance = createHash("sha256").update(`${writer} ${seq}`).digest();
  const count = 1 + (chance.readUInt8(0) % actionsMax);
  const padding = "x".repeat(chance.readUInt16BE(1) % paddingMax);
  const actions = Array.from({ length: count }, (_, i) => {
    const action = parseActionId(ulid("C", writer, seq * actionsMax + i));
    if (!action) throw new Error("a stress id is no ULID");
    return {
      id: action,
      name: "count",
      data: { writer: `w${writer}`, seq, padding: i === 0 ? padding : "" },
    };
  });
  if (!id) throw new Error("a stress id is no ULID");
  return { id, app: stressApp(writer), seq, after, modelVersion: 1, actions };
}

export function stressApp(writer: number): AppId {
  const id = parseAppId(ulid("A", writer, 0));
  if (!id) throw new Error("a stress id is no ULID");
  return id;
}

/** Actions in an update: what the model's counter must add up to. */
export function actionsIn(writer: number, seq: number): number {
  return stressUpdate(writer, seq, 0 as Timestamp).actions.length;
}

function ulid(kind: string, writer: number, seq: number): string {
  return `01KAJ${kind}${base32(writer, 10)}${base32(seq, 10)}`;
}

function base32(value: number, length: number): string {
  return Array.from({ length }, (_, i) =>
    digits.charAt(Math.floor(value / 32 ** (length - 1 - i)) % 32),
  ).join("");
}
