/** The request log as a port: one entry a request, with nothing of its body, its query or its headers. */
import { StoreError } from "../shared/errors.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import { Refusal } from "./answers.ts";

export interface RequestEntry {
  /** When it came, milliseconds since 1970. */
  readonly at: number;
  readonly method: string;
  /** As a pattern, e.g. "/v1/stores/:store/head"; null for an address that is none. */
  readonly route: string | null;
  readonly store: StoreId | null;
  readonly status: number;
  /** Until the answer began. */
  readonly ms: number;
  /** Why it was refused or failed: for whoever runs the server, so with what a client is not told. */
  readonly trouble: string | null;
}

export type RequestLog = (entry: RequestEntry) => void;

const troubleMax = 500;

export function troubleOf(error: unknown): string {
  const text =
    error instanceof Refusal
      ? error.error.what
      : error instanceof StoreError
        ? `${error.kind}: ${error.what}`
        : `bug: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
  return text.slice(0, troubleMax);
}
