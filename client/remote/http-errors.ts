/** What an answer that is no success means: StoreErrors by status, and by the server's own word where it is one of ours. */
import { StoreError, type StoreErrorKind } from "../../shared/errors.ts";
import { parseWireError, type WireError } from "../../shared/wire/http.ts";
import { toldMax } from "./http-limits.ts";

/** Nobody answered, or not to the end: it may or may not have been done. */
export function noAnswer(server: string, how: string, cause?: unknown): StoreError {
  return new StoreError(
    {
      kind: "unavailable",
      what: `${server} ${how}`,
      fix: "It is tried again; check the network and the address.",
    },
    cause,
  );
}

/** It answered with something that is none of the API's answers. */
export function strangeAnswer(server: string, status: number): StoreError {
  return new StoreError({
    kind: "unavailable",
    what: `${server} answered ${status} with something that is not icecore's (a web page, a proxy, another service)`,
    fix: "Sign in to the network if it asks for that, and check the address; it is tried again.",
  });
}

export function noToken(why: string): StoreError {
  return new StoreError({ kind: "unauthorized", what: why, fix: "Sign in again; what is unsent is kept." });
}

/** Kinds that say something of the store itself, whatever the status. */
const ofTheStore: readonly StoreErrorKind[] = ["corrupt", "incompatible"];

export function failure(server: string, status: number, body: unknown): StoreError {
  const wire = parseWireError(body);
  const told = wire.ok ? wire.value : null;
  const kind = kindOf(status, told);
  if (told === null && kind === "unavailable" && status < 500 && status !== 429)
    return strangeAnswer(server, status);
  const what = `${server} answered ${status}${told === null ? "" : `: ${told.what.slice(0, toldMax)}`}`;
  return new StoreError({ kind, what, fix: told?.fix.slice(0, toldMax) || fixes[kind] || fixes.unavailable });
}

function kindOf(status: number, told: WireError | null): StoreErrorKind {
  if (status === 401 || status === 403) return "unauthorized";
  if (status === 413) return "limit";
  const kind = told?.kind;
  if (kind === "rejected" && status < 500 && status !== 429) return "rejected";
  return ofTheStore.find((one) => one === kind) ?? "unavailable";
}

const fixes: Readonly<Partial<Record<StoreErrorKind, string>>> & { readonly unavailable: string } = {
  unauthorized: "Sign in again; what is unsent is kept.",
  limit: "Something between here and the server takes no request as long as this one: raise its limit.",
  unavailable: "It is tried again later.",
};
