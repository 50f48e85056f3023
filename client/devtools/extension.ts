/** The Redux DevTools browser extension, as far as icecore speaks to it; its page API is public. What it tells is checked when it comes. */

export interface DevToolsExtension {
  connect(options: {
    readonly name: string;
    readonly maxAge: number;
    readonly features: Readonly<Record<string, boolean>>;
  }): DevToolsConnection;
}

export interface DevToolsConnection {
  /** A list that begins anew, with this state as its number 0. */
  init(state: unknown): void;
  /** The next entry of the list. */
  send(action: { readonly type: string }, state: unknown): void;
  subscribe(listener: (note: unknown) => void): (() => void) | undefined;
}

/** What its user asks for. */
export type DevToolsNote =
  | { readonly is: "jump"; readonly number: number }
  /** The list is to begin with the present state. */
  | { readonly is: "clear" }
  /** Whatever would change the store, or is no request. */
  | { readonly is: "nothing" };

/** Jumping and looking; nothing that would make or change actions of a shared log. */
export const features = {
  jump: true,
  export: true,
  pause: true,
  lock: false,
  persist: false,
  import: false,
  skip: false,
  reorder: false,
  dispatch: false,
  test: false,
} as const;

const jumps = ["JUMP_TO_ACTION", "JUMP_TO_STATE"];
const clears = ["COMMIT", "RESET", "ROLLBACK"];

export function parseNote(note: unknown): DevToolsNote {
  const { type, payload } = (note ?? {}) as { readonly type?: unknown; readonly payload?: unknown };
  if (type !== "DISPATCH" || typeof payload !== "object" || payload === null) return { is: "nothing" };
  const { type: wish, actionId } = payload as { readonly type?: unknown; readonly actionId?: unknown };
  if (clears.includes(String(wish))) return { is: "clear" };
  if (jumps.includes(String(wish)) && typeof actionId === "number") return { is: "jump", number: actionId };
  return { is: "nothing" };
}

/** Undefined where it is not installed. */
export function findExtension(): DevToolsExtension | undefined {
  const { __REDUX_DEVTOOLS_EXTENSION__: found } = globalThis as {
    readonly __REDUX_DEVTOOLS_EXTENSION__?: DevToolsExtension;
  };
  return typeof found?.connect === "function" ? found : undefined;
}
