/** The errors that an app meets when it uses its store wrongly, each with what to do. */
import { StoreError } from "../shared/errors.ts";
import type { SchemaProblem } from "../shared/model/schema.ts";
import type { ActionId, StoreId } from "../shared/wire/ids.ts";

export function closedStore(store: StoreId): StoreError {
  return new StoreError({
    kind: "closed",
    what: `Store "${store}" was closed`,
    fix: "Open it again.",
    store,
  });
}

export function noHistory(store: StoreId): StoreError {
  return new StoreError({
    kind: "unavailable",
    what: `Store "${store}" has no remote, so no history`,
    fix: "Open it with a remote.",
    store,
  });
}

export function hasUnsent(store: StoreId, count: number): StoreError {
  return new StoreError({
    kind: "conflict",
    what: `${count} actions of store "${store}" are not in the log yet`,
    fix: "Wait until they are (store.sync.status.pending), or forget them with { force: true }.",
    store,
  });
}

export function tooLarge(name: string, bytes: number, bytesMax: number): StoreError {
  return new StoreError({
    kind: "limit",
    what: `Action "${name}" has ${bytes} bytes of data, ${bytesMax} are allowed`,
    fix: "Make it smaller, or keep large things elsewhere; nothing was changed.",
  });
}

const problemsShown = 5;

/** The data itself is not repeated. */
export function refused(name: string, problems: readonly SchemaProblem[]): StoreError {
  const shown = problems
    .slice(0, problemsShown)
    .map(({ path, problem }) => (path.length === 0 ? problem : `${path.join(".")}: ${problem}`));
  return new StoreError({
    kind: "rejected",
    what: `Action "${name.slice(0, 80)}" was refused: ${shown.join("; ")}`,
    fix: "Correct its data; nothing was changed.",
  });
}

export function notEditable(id: ActionId): StoreError {
  return new StoreError({
    kind: "rejected",
    what: `Action ${id} cannot be edited: it is no dead letter, and does not wait to be sent`,
    fix: "Look at store.outbox.list(); what was sent is undone by another action.",
  });
}
