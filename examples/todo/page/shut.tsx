/** In place of the list, where this browser cannot open it: nothing that is typed here could be kept. */
import type { LoadTrouble } from "./use-load-trouble.ts";

export function Shut({ trouble: { what, fix } }: { readonly trouble: LoadTrouble }) {
  return (
    <main>
      <section className="todoapp shut" role="alert">
        <header className="header">
          <h1>todos</h1>
        </header>
        <h2>The list cannot be opened here</h2>
        <p>{`${what}.`}</p>
        <p>{fix}</p>
        <button type="button" className="bar-button" onClick={() => location.reload()}>
          Try again
        </button>
      </section>
    </main>
  );
}
