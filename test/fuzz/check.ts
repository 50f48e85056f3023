/** Holds one answer against the document, and against what holds for every answer. */
import type { JsonObject } from "../../shared/json.ts";
import { isJsonObject } from "../../shared/json.ts";
import { parseWireError } from "../../shared/wire/http.ts";
import { operationsOf } from "../auth/operations.ts";
import type { RawAnswer } from "../fixtures/full-api.ts";
import { findOpenApiFaults } from "../fixtures/open-api.ts";
import type { FuzzRequest } from "./requests.ts";

export interface Verdict {
  /** Of the operation that was asked for; null beside all of them. */
  readonly operation: string | null;
  readonly fault: { readonly is: "5xx" | "outside"; readonly what: string } | null;
}

export function checkAnswer(document: JsonObject, request: FuzzRequest, answer: RawAnswer): Verdict {
  const path = normalPath(request.path);
  const operation = operationAt(document, request.method, path);
  const said = `${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`;
  if (answer.status >= 500) return { operation, fault: { is: "5xx", what: said } };
  const faults =
    path === null
      ? faultsOfRefusal(answer, [400, 404], request.method)
      : faultsAt(document, path, { request, answer });
  const what = [...faults, ...faultsOfAny(request, answer)];
  return {
    operation,
    fault: what.length === 0 ? null : { is: "outside", what: `${what.join("; ")}; it was ${said}` },
  };
}

/** As RFC 3986 says which addresses are the same; null: it is none. */
function normalPath(sent: string): string | null {
  if (!/^(?:\/|https?:)/i.test(sent)) return null;
  try {
    const path = /^https?:/i.test(sent)
      ? new URL(sent).pathname
      : new URL(`http://localhost${sent}`).pathname;
    return path.replace(/%[0-9a-f]{2}/gi, (one) => {
      const char = String.fromCharCode(Number.parseInt(one.slice(1), 16));
      return /[\w.~-]/.test(char) ? char : one;
    });
  } catch {
    return null;
  }
}

function patternAt(document: JsonObject, path: string): string | null {
  const patterns = Object.keys(document.paths as JsonObject);
  return patterns.find((one) => new RegExp(`^${one.replace(/\{[a-z]+\}/g, "[^/]+")}$`).test(path)) ?? null;
}

function operationAt(document: JsonObject, method: string, path: string | null): string | null {
  const pattern = path === null ? null : patternAt(document, path);
  const asked = method === "HEAD" ? "GET" : method;
  const found = operationsOf(document).find((one) => one.path === pattern && one.method === asked);
  return found?.id ?? null;
}

interface Exchange {
  readonly request: FuzzRequest;
  readonly answer: RawAnswer;
}

function faultsAt(document: JsonObject, path: string, { request, answer }: Exchange): readonly string[] {
  const { method, headers } = request;
  const { status } = answer;
  // Answered by CORS, for all addresses alike.
  if (method === "OPTIONS" && status === 204) return answer.body === "" ? [] : ["a preflight with a body"];
  const pattern = patternAt(document, path);
  const isOperation = pattern !== null && operationAt(document, method, path) !== null;
  // No request at all, whatever its address: Node's server says so.
  if (status === 400 && !isOperation && (method === "TRACE" || !isHost(headers.host)))
    return faultsOfRefusal(answer, [400], method);
  if (pattern === null) return faultsOfRefusal(answer, [404], method);
  if (!isOperation) {
    const item = (document.paths as JsonObject)[pattern];
    const taken = Object.keys(isJsonObject(item) ? item : {}).map((one) => one.toUpperCase());
    const allowed = String(answer.headers.allow ?? "").split(", ");
    const unnamed = taken.filter((one) => !allowed.includes(one)).map((one) => `Allow does not name ${one}`);
    return [...faultsOfRefusal(answer, [405], method), ...unnamed];
  }
  return findOpenApiFaults(document, { ...answer, method, path });
}

function isHost(host: string | undefined): boolean {
  if (host === undefined) return true;
  return URL.canParse(`http://${host}/`) && new URL(`http://${host}/`).host === host.toLowerCase();
}

/** An answer to HEAD has no body to look at. */
function faultsOfRefusal(answer: RawAnswer, statuses: readonly number[], method: string): readonly string[] {
  const { status, body, contentType } = answer;
  const error = method === "HEAD" ? { ok: true as const } : parseWireError(body);
  return [
    ...(statuses.includes(status) ? [] : [`not ${statuses.join(" or ")}`]),
    ...(error.ok ? [] : [`no error as documented: ${error.reason}`]),
    ...(contentType === "application/json" ? [] : [`content type ${contentType}`]),
  ];
}

function faultsOfAny(
  { method, headers }: FuzzRequest,
  { status, headers: answered, body }: RawAnswer,
): readonly string[] {
  const said = JSON.stringify([body, answered]);
  const secrets = (headers.authorization ?? "")
    .split(/[ .]/)
    .filter((part) => part.length > 30 && !part.startsWith("eyJhbGciOi"));
  return [
    ...(status === 401 && answered["www-authenticate"] === undefined ? ["401 without www-authenticate"] : []),
    ...(status === 429 && answered["retry-after"] === undefined ? ["429 without retry-after"] : []),
    ...(answered.date === undefined ? ["no date"] : []),
    ...((method === "HEAD" || status === 304) && body !== "" ? ["a body where none may be"] : []),
    ...(secrets.some((part) => said.includes(part)) ? ["the token is repeated"] : []),
    ...(/\bat \/|node_modules|\.ts:\d+/.test(said) ? ["it shows a stack"] : []),
  ];
}
