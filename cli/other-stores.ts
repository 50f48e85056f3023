/** A store without a head is most often a name that was mistyped: the error then says which stores there are. */
import type { Host } from "../shared/drive/run.ts";
import { listStores } from "../shared/drive/store.ts";
import { StoreError } from "../shared/errors.ts";
import { noHead } from "../shared/log/troubles.ts";
import { parseStoreId } from "../shared/wire/ids.ts";
import { isStoreError } from "./errors.ts";

/** More names than that are no help. */
const namesMax = 10;

/** The error, or one that says more. Where the stores may not be listed it stays as it is. */
export async function withOtherStores(error: unknown, host: Host | null): Promise<unknown> {
  const store = isStoreError(error) ? parseStoreId(error.store) : undefined;
  if (host === null || store === undefined || !isStoreError(error)) return error;
  const trouble = noHead(store);
  if (error.what !== trouble.what) return error;
  const there = await listStores(host).catch(() => []);
  if (there.length === 0) return error;
  const more = there.length > namesMax ? ` and ${there.length - namesMax} more` : "";
  const fix = `There are: ${there.slice(0, namesMax).join(", ")}${more}. ${error.fix}`;
  return new StoreError({ ...trouble, fix }, error);
}
