/**
 * authorizeByRole: may they, by the claims `role` and `stores` of a token?
 *
 * Closed: a claim that is missing or malformed allows nothing, also where another part of it would. Names from outside are looked up in a
 * Map, so none of an object's own ("constructor") counts as a role.
 */
import type { StoreId } from "../shared/wire/ids.ts";
import { parseStoreId } from "../shared/wire/ids.ts";
import type { Authorize, Intent } from "./auth.ts";

/** reader: read. writer: read and write. admin: these, create and admin. */
export type Role = "reader" | "writer" | "admin";

const intents: ReadonlyMap<unknown, readonly Intent[]> = new Map<Role, readonly Intent[]>([
  ["reader", ["read"]],
  ["writer", ["read", "write"]],
  ["admin", ["read", "write", "create", "admin"]],
]);

/** A token is sent with each request: who needs more stores than this names them by a prefix. */
const storesMax = 100;

/**
 * Allows what a token's role allows, in the stores that it names: `role` is "reader", "writer" or "admin"; `stores` is a list of at most
 * 100 store ids, prefixes that end in `*`, or `"*"` for all.
 *
 * @example
 * const app = createApp({ bucket, platform, models: todos, authenticate: createJwtAuthenticate({ … }), authorize: authorizeByRole });
 * // { "sub": "anna", "role": "writer", "stores": ["family", "team-*"] } may read and write these, and make none.
 */
export const authorizeByRole: Authorize = ({ claims, storeId, intent }) => {
  if (claims === null || !intents.get(claims.role)?.includes(intent)) return false;
  return parseStoreNames(claims.stores)?.some((name) => covers(name, storeId)) === true;
};

export function parseRole(value: unknown): Role | undefined {
  return intents.has(value) ? (value as Role) : undefined;
}

/** The claim `stores`, or undefined where any of it is malformed. */
export function parseStoreNames(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > storesMax) return undefined;
  return value.every(isStoreName) ? value : undefined;
}

function isStoreName(name: unknown): name is string {
  if (typeof name !== "string" || !name.endsWith("*")) return parseStoreId(name) !== undefined;
  return name === "*" || parseStoreId(name.slice(0, -1)) !== undefined;
}

function covers(name: string, storeId: StoreId): boolean {
  return name.endsWith("*") ? storeId.startsWith(name.slice(0, -1)) : name === storeId;
}
