/**
 * The Local port: durable storage of one app instance, as rows of text by key. What the protocol asks of it (docs/protocol.md, "What is
 * assumed", A4) is one thing: a commit happens whole or not at all, and is durable when it resolves.
 */
import type { StoreId } from "../../shared/wire/ids.ts";
import type { SharedRows } from "./shared-rows.ts";

export interface Local {
  /** For people and errors. */
  readonly name: string;
  /** Opens the rows of one store; refuses (StoreError "conflict") while somebody else has them open. */
  open(store: StoreId): Promise<LocalRows>;
}

export type Rows = ReadonlyMap<string, string>;

export interface RowChanges {
  /** Keys and values hold no NUL, at which some storages end a text; JSON spells it otherwise. Wins where a key is deleted, too. */
  readonly put: Rows;
  readonly delete: readonly string[];
}

export interface Renewal {
  /** One listener: the rows may be gone. What is committed next tells. */
  listen(onLost: () => void): void;
  /**
   * Makes the storage anew with these rows, which are all there is; durable when it resolves. Throws StoreError "closed" where somebody
   * else has begun there meanwhile, or has cleared it: nothing was changed then.
   */
  renew(rows: Rows): Promise<void>;
}

export interface LocalRows {
  /** All rows as last committed, in order of their keys. */
  load(): Promise<Rows>;
  /** All of it or nothing; durable when it resolves. Calls come one after another. */
  commit(changes: RowChanges): Promise<void>;
  /** Removes everything, durably. */
  clear(): Promise<void>;
  close(): Promise<void>;
  /** Where a browser may throw all rows away under who has them open. */
  readonly renewal?: Renewal;
  /** Where several tabs may have the rows open at once. */
  readonly shared?: SharedRows;
}
