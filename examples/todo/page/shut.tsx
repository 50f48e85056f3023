/** In place of the list, where this browser cannot open it: nothing that is typed here could be kept. */
import { useEffect } from "react";
import { todoStoreId } from "../places.ts";
import type { LoadTrouble } from "./use-load-trouble.ts";

export function Shut({ trouble }: { readonly trouble: LoadTrouble }) {
  const { isElsewhere } = trouble;
  useEffect(() => {
    if (!isElsewhere) return;
    const waiting = new AbortController();
    // The lock that idbLocal holds, by the name of its database: as soon as it is free this tab begins anew.
    navigator.locks
      .request(`icecore/${todoStoreId}`, { signal: waiting.signal }, () => location.reload())
      .catch(() => undefined);
    return () => waiting.abort();
  }, [isElsewhere]);
  return (
    <section className="todoapp shut" role="alert">
      <header className="header">
        <h1>todos</h1>
      </header>
      <h2>{isElsewhere ? "The list is open in another tab" : "The list cannot be opened here"}</h2>
      <p>
        {isElsewhere
          ? "Go on there, or close that tab: this one then opens the list by itself."
          : `${trouble.what}.`}
      </p>
      {!isElsewhere && <p>{trouble.fix}</p>}
      <button type="button" className="bar-button" onClick={() => location.reload()}>
        Try again
      </button>
    </section>
  );
}
