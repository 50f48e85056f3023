/**
 * Rows that several tabs of one browser have open at once. One of them is the leader: it alone may change any row, in a *term* of its
 * own that each of its transactions checks, so that a leader that was replaced while it slept writes nothing more. Every tab may add
 * rows that nobody knows yet. All of them hear what the others commit, in the order of the commits.
 */
import type { Json } from "../../shared/json.ts";
import type { LocalRows, RowChanges, Rows } from "./local.ts";

export interface SharedListener {
  /** Leadership began or ended here: called in the turn in which `isLeader` changes. */
  leads(): void;
  /**
   * What another tab has committed, or "reload" where something was missed. Nothing comes between the call of `load` and its end, and
   * what comes after it is not in what it gave.
   */
  changed(changes: RowChanges | "reload"): void;
  /** Words of another tab. */
  told(words: Json): void;
  /** Asked of the leader only. What it throws is told to who asked. */
  asked(words: Json): Promise<void>;
}

export interface SharedRows {
  /**
   * How a store lives with them: `createFollowing` (client/follow.ts), which comes with the storage, so that only an app whose tabs share
   * one carries it. Its type is nobody's business outside the client.
   */
  readonly follow: object;
  isLeader(): boolean;
  /** It leads rows that were thrown away, and that no other tab has written anew: all there is of them is what it remembers itself. */
  isHeir(): boolean;
  /** One listener, once. */
  listen(listener: SharedListener): void;
  /** Commits rows that are new. Any tab may; `LocalRows.commit` is the leader's, and throws StoreError "conflict" for others. */
  add(rows: Rows): Promise<void>;
  /** Says something to all other tabs, without any promise that it arrives. */
  tell(words: Json): void;
  /** Resolves when the leader has done it. Rejects with StoreError "conflict" when there is another leader by then: ask again. */
  ask(words: Json): Promise<void>;
}

/** Leads, or has nobody beside it. */
export function mayWriteAll({ shared }: LocalRows): boolean {
  return shared === undefined || shared.isLeader();
}
