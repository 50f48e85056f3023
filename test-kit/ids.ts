/** Ids for tests: ULIDs that carry a time and a number and nothing random, so that a run is the same each time. */
import {
  type ActionId,
  type AppId,
  parseActionId,
  parseAppId,
  parseUpdateId,
  type UpdateId,
} from "../shared/wire/ids.ts";

const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const timeDigits = 10;
const numberDigits = 16;
/** The number space of ids of one kind, so that no two kinds share one. */
const kinds = { app: 1, update: 2, action: 3 } as const;
const kindSpace = 2 ** 48;

/** The id of test app `number`, made at `atMs`. */
export function testAppId(number: number, atMs = 0): AppId {
  return made(parseAppId(ulidOf(atMs, kinds.app, number)));
}

export function testUpdateId(number: number, atMs = 0): UpdateId {
  return made(parseUpdateId(ulidOf(atMs, kinds.update, number)));
}

export function testActionId(number: number, atMs = 0): ActionId {
  return made(parseActionId(ulidOf(atMs, kinds.action, number)));
}

function ulidOf(atMs: number, kind: number, number: number): string {
  return base32(atMs, timeDigits) + base32(kind * kindSpace + number, numberDigits);
}

function base32(value: number, length: number): string {
  let text = "";
  for (let left = value; text.length < length; left = Math.floor(left / 32))
    text = digits.charAt(left % 32) + text;
  return text;
}

function made<T>(id: T | undefined): T {
  if (id === undefined) throw new Error("a test id is a ULID");
  return id;
}
