/** What a tab that follows asks of the one that leads, and what comes back. An answer that never comes is not waited for: who leads next is asked. */
import { StoreError, type StoreErrorKind } from "../../shared/errors.ts";
import type { Json } from "../../shared/json.ts";
import type { StoreId } from "../../shared/wire/ids.ts";
import { ledElsewhere } from "../local/errors.ts";
import type { TabNote } from "./tab-channel.ts";

export interface Asking {
  /** Rejects with StoreError: the leader's, or "conflict" where there is another leader by then. */
  ask(words: Json): Promise<void>;
  answered(note: Extract<TabNote, { is: "answered" }>): void;
  /** Who was asked leads no more: whoever waits asks the next one. */
  again(): void;
}

export interface AskingParts {
  readonly store: StoreId;
  readonly newId: () => string;
  post(note: TabNote): void;
}

interface Asked {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createAsking({ store, newId, post }: AskingParts): Asking {
  const asked = new Map<string, Asked>();
  return {
    ask(words) {
      const id = newId();
      return new Promise((resolve, reject) => {
        asked.set(id, { resolve, reject });
        post({ is: "asked", id, words });
      });
    },
    answered({ id, trouble }) {
      const one = asked.get(id);
      asked.delete(id);
      if (trouble === null) one?.resolve();
      else one?.reject(new StoreError({ ...trouble, kind: trouble.kind as StoreErrorKind }));
    },
    again() {
      for (const { reject } of asked.values()) reject(ledElsewhere(store));
      asked.clear();
    },
  };
}

/** Does what was asked, and says how that went. */
export async function answerAsked(
  { id, words }: Extract<TabNote, { is: "asked" }>,
  work: (words: Json) => Promise<void>,
): Promise<TabNote> {
  try {
    await work(words);
    return { is: "answered", id, trouble: null };
  } catch (error) {
    const { kind, what, fix } = error instanceof StoreError ? error : failed(error);
    return { is: "answered", id, trouble: { kind, what, fix } };
  }
}

function failed(error: unknown): StoreError {
  return new StoreError(
    {
      kind: "unavailable",
      what: `The leading tab failed: ${error instanceof Error ? error.message : String(error)}`,
      fix: "Try again.",
    },
    error,
  );
}
