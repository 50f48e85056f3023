/**
 * Ids: store ids, and the ULIDs of apps, updates and actions. Branded: only `parseX` (and `newX` of the platform) make them.
 */

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** `[a-z0-9][a-z0-9_-]{0,63}`: safe in a key, a file name and a URL. */
export type StoreId = Branded<"StoreId">;
/** ULID of one installed app instance. */
export type AppId = Branded<"AppId">;
/** ULID of one update. */
export type UpdateId = Branded<"UpdateId">;
/** Monotonic ULID of one action; it carries the creation time. */
export type ActionId = Branded<"ActionId">;

const storeShape = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const ulidShape = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

export const storeIdRule = "a store id is 1 to 64 of a-z, 0-9, _ and -, and starts with a letter or digit";

export function parseStoreId(text: unknown): StoreId | undefined {
  return typeof text === "string" && storeShape.test(text) ? (text as StoreId) : undefined;
}

export function parseAppId(text: unknown): AppId | undefined {
  return isUlid(text) ? (text as AppId) : undefined;
}

export function parseUpdateId(text: unknown): UpdateId | undefined {
  return isUlid(text) ? (text as UpdateId) : undefined;
}

export function parseActionId(text: unknown): ActionId | undefined {
  return isUlid(text) ? (text as ActionId) : undefined;
}

/** Upper-case Crockford base 32, 26 characters, no overflow of the 48-bit time. */
export function isUlid(text: unknown): text is string {
  return typeof text === "string" && ulidShape.test(text);
}

/** When an id was made, in milliseconds since 1970, by the clock of the app that made it. */
export function createdAt(id: ActionId | UpdateId | AppId): number {
  let ms = 0;
  for (let i = 0; i < 10; i++) ms = ms * 32 + digits.indexOf(id.charAt(i));
  return ms;
}
