/**
 * Trouble and StoreError: the one error type of icecore.
 *
 * `Trouble` is plain data, so that the step machines can carry it; `StoreError` is what callers catch. The kind says
 * what to do, not where it happened. Texts never hold payloads or secrets.
 */

/** What a caller should do about it: wait, redo, change the input, sign in, upgrade, repair, reopen, or make it smaller. */
export type StoreErrorKind =
  | "unavailable"
  | "conflict"
  | "rejected"
  | "unauthorized"
  | "incompatible"
  | "corrupt"
  | "closed"
  | "limit";

/** A failure as plain data: what happened, where, and what to do next. */
export interface Trouble {
  readonly kind: StoreErrorKind;
  /** What happened, one sentence without a full stop. */
  readonly what: string;
  /** What to do next, one sentence. */
  readonly fix: string;
  readonly store?: string;
  readonly app?: string;
  readonly key?: string;
}

const brand: unique symbol = Symbol.for("icecore.StoreError");

/**
 * The error that every public function throws or rejects with.
 *
 * @example
 * try { await openBucket("folder:/nowhere") } catch (error) {
 *   if (error instanceof StoreError && error.kind === "unavailable") console.error(error.message);
 * }
 */
export class StoreError extends Error {
  /** Also for one of another copy of icecore: a process may hold two, one imported and one required. */
  static override [Symbol.hasInstance](thrown: unknown): thrown is StoreError {
    return thrown instanceof Error && brand in thrown;
  }
  override readonly name = "StoreError";
  readonly kind: StoreErrorKind;
  /** The message is both: "what. fix". */
  readonly what: string;
  readonly fix: string;
  readonly store: string | undefined;
  readonly app: string | undefined;
  readonly key: string | undefined;

  constructor(trouble: Trouble, cause?: unknown) {
    super(`${trouble.what}. ${trouble.fix}`, cause === undefined ? undefined : { cause });
    this.kind = trouble.kind;
    this.what = trouble.what;
    this.fix = trouble.fix;
    this.store = trouble.store;
    this.app = trouble.app;
    this.key = trouble.key;
  }

  get [brand](): true {
    return true;
  }
}

/** A bug of our own. On in production: a wrong state must stop before it is stored. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** Throws when `condition` does not hold. The text names the invariant. */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new AssertionError(`icecore broke its own rule: ${invariant}. Please report this.`);
}

/** For the last arm of a switch over a tagged union. */
export function assertNever(value: never): never {
  throw new AssertionError(
    `icecore met a case it does not know: ${JSON.stringify(value)}. Please report this.`,
  );
}
