/** Why the list could not be opened here, if so. */
import { useEffect, useState } from "react";
import type { Store } from "../../../client/index.ts";
import { StoreError } from "../../../shared/index.ts";
import type { TodoModel } from "../model.ts";

export interface LoadTrouble {
  readonly what: string;
  readonly fix: string;
}

export function useLoadTrouble(store: Store<TodoModel>): LoadTrouble | null {
  const [trouble, setTrouble] = useState<LoadTrouble | null>(null);
  useEffect(() => {
    store.loaded.catch((error: unknown) => setTrouble(troubleOf(error)));
  }, [store]);
  return trouble;
}

function troubleOf(error: unknown): LoadTrouble {
  if (!(error instanceof StoreError)) return { what: String(error), fix: "Reload the page" };
  return { what: error.what, fix: error.fix };
}
