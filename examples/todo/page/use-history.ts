/**
 * Looking back: which earlier state is shown. Each move of the slider asks the store for the state at that time; while an answer is on its
 * way, of all further moves only the last is asked for.
 */
import { useEffect, useMemo, useRef, useState } from "react";
import type { Store } from "../../../client/index.ts";
import { StoreError, toTimestamp } from "../../../shared/index.ts";
import type { TodoModel, TodoState } from "../model.ts";
import { ageAt, spanOf, stepsMax } from "./history-scale.ts";
import { madeAt } from "./ids.ts";

/** What the slider shows. */
interface Look {
  /** When the history was opened: the slider's right end. */
  readonly openedAt: number;
  readonly spanMs: number;
  readonly step: number;
  readonly state: TodoState | null;
  readonly isBusy: boolean;
  readonly trouble: string | null;
}

export interface History {
  readonly isOpen: boolean;
  /** Null: the present. */
  readonly shown: TodoState | null;
  readonly step: number;
  readonly time: number;
  readonly openedAt: number;
  readonly isBusy: boolean;
  readonly trouble: string | null;
  open(): void;
  /** Back to now, and the slider away. */
  close(): void;
  moveTo(step: number): void;
}

export function useHistory(store: Store<TodoModel>): History {
  const [look, setLook] = useState<Look | null>(null);
  const newest = useRef(0);
  const reader = useMemo(() => createReader(store), [store]);
  const time = look === null ? 0 : look.openedAt - ageAt(look.step, look.spanMs);
  const wanted = look === null || look.step === stepsMax ? null : time;

  useEffect(() => {
    const mine = ++newest.current;
    if (wanted === null) return;
    const settle = (changes: Partial<Look>): void => {
      if (mine === newest.current) setLook((now) => now && { ...now, isBusy: false, ...changes });
    };
    reader(wanted, () => mine === newest.current).then(
      (state) => state && settle({ state, trouble: null }),
      (error: unknown) => settle({ trouble: wordsOf(error) }),
    );
  }, [wanted, reader]);

  return {
    isOpen: look !== null,
    shown: look?.state ?? null,
    step: look?.step ?? stepsMax,
    time,
    openedAt: look?.openedAt ?? 0,
    isBusy: look?.isBusy ?? false,
    trouble: look?.trouble ?? null,
    open: () => setLook(newLook(store.state)),
    close: () => setLook(null),
    moveTo: (step) => setLook((now) => now && { ...now, ...moved(step) }),
  };
}

function newLook(state: TodoState): Look {
  const openedAt = Date.now();
  const [oldest = ""] = state.todos.keys();
  const spanMs = spanOf(openedAt - (madeAt(oldest) ?? openedAt));
  return { openedAt, spanMs, step: stepsMax, state: null, isBusy: false, trouble: null };
}

/** The state of before stays until the other one is there: the list does not flicker. */
function moved(step: number): Partial<Look> {
  return step === stepsMax ? { step, state: null, isBusy: false, trouble: null } : { step, isBusy: true };
}

/** One question at a time; null for one that nobody waits for any more when its turn comes. */
function createReader(store: Store<TodoModel>) {
  let last: Promise<unknown> = Promise.resolve();
  return (time: number, isWanted: () => boolean): Promise<TodoState | null> => {
    const answer = last.then(() => (isWanted() ? store.at(toTimestamp(time)) : null));
    last = answer.catch(() => undefined);
    return answer;
  };
}

function wordsOf(error: unknown): string {
  if (error instanceof StoreError && error.kind === "unavailable")
    return "The history lies with the server, which does not answer now.";
  return error instanceof Error ? error.message : String(error);
}
