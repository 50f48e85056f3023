/**
 * What the merge of several people's work left for a person to decide. Nothing was refused and nothing waits: each button is an ordinary
 * action, which goes the way of all actions.
 */
import { useRef } from "react";
import type { SameTitle } from "../model.ts";
import { focusNear } from "./focus.ts";
import { useActions, useProblems, useStore } from "./hooks.ts";
import { madeAt } from "./ids.ts";
import { ageWords } from "./time-words.ts";
import { useNow } from "./use-now.ts";

export function Problems({ startEdit }: { readonly startEdit: (id: string) => void }) {
  const found = useProblems().flatMap(({ invariant, problem }) =>
    invariant === "openTitlesAreUnique" ? [problem as unknown as SameTitle] : [],
  );
  return (
    // Always there, so that a screen reader tells what comes into it.
    <div className="problems" role="status">
      {found.map((one) => (
        <OneProblem key={one.ids.join()} {...one} startEdit={startEdit} />
      ))}
    </div>
  );
}

function OneProblem({ title, ids, startEdit }: SameTitle & { readonly startEdit: (id: string) => void }) {
  const { deleteTodo } = useActions();
  const todos = useStore((state) => state.todos);
  const now = useNow(30_000);
  const section = useRef<HTMLElement>(null);
  // The first is kept: two people who solve it at once keep the same one.
  const [, ...others] = ids;
  const last = ids.at(-1) ?? "";

  function keepOne(byKeyboard: boolean): void {
    if (byKeyboard) focusNear(section.current, "button");
    for (const id of others) deleteTodo({ id });
  }

  return (
    <section ref={section} className="problem" aria-label={`Problem with ${title}`}>
      <p>
        <strong>“{title}”</strong> is on the list {timesWords(ids.length)}:
      </p>
      <ul>
        {ids.map((id) => (
          <li key={id}>
            “{todos.get(id)?.title}”, <span>added {ageWords(now - (madeAt(id) ?? now))}</span>
          </li>
        ))}
      </ul>
      <div className="problem-buttons">
        <button type="button" onClick={({ detail }) => keepOne(detail === 0)}>
          Keep the first
        </button>
        <button type="button" onClick={() => startEdit(last)}>
          Rename the last
        </button>
      </div>
    </section>
  );
}

function timesWords(count: number): string {
  return count === 2 ? "twice" : `${count} times`;
}
