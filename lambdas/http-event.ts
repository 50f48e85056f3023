/**
 * parseHttpEvent: what API Gateway (HTTP API, payload 2.0) or a function URL hands to a Lambda, checked before anything is made of it. Who may
 * invoke the function may send it anything. Faults name a member and never its value: headers hold tokens.
 */
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { isJsonObject } from "../shared/json.ts";
import { httpRoutes } from "../shared/wire/http-routes.ts";
import { pathLengthMax } from "./limits.ts";

export type ParsedEvent =
  | { readonly ok: true; readonly event: APIGatewayProxyEventV2 }
  | { readonly ok: false; readonly reason: string };

const headerName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;
/** What no Request can be made with, and the gateway lets nobody send. */
const oddMethods: readonly string[] = ["CONNECT", "TRACE", "TRACK"];

/** The event with its path as the API knows it: without a stage before it. A body that no such request has is not read. */
export function parseHttpEvent(given: unknown): ParsedEvent {
  const reason = faultOf(given);
  if (reason !== null) return { ok: false, reason };
  const event = given as APIGatewayProxyEventV2;
  const { body, ...rest } = event;
  const hasBody = body !== undefined && !["GET", "HEAD"].includes(event.requestContext.http.method);
  return { ok: true, event: { ...rest, ...(hasBody ? { body } : {}), rawPath: withoutStage(event) } };
}

function faultOf(event: unknown): string | null {
  if (!isJsonObject(event)) return "it is no object";
  if (event.version !== "2.0") return "its version is not 2.0: configure payload format 2.0";
  const context = event.requestContext;
  if (!isJsonObject(context) || !isJsonObject(context.http)) return "requestContext.http is missing";
  const { method } = context.http;
  if (typeof method !== "string" || !/^[A-Z]{1,20}$/.test(method) || oddMethods.includes(method))
    return "requestContext.http.method is no method";
  if (typeof context.domainName !== "string" || !/^[a-z0-9.-]{1,253}$/i.test(context.domainName))
    return "requestContext.domainName is no name";
  return faultOfAddress(event.rawPath, event.rawQueryString) ?? faultOfHeaders(event) ?? faultOfBody(event);
}

function faultOfAddress(path: unknown, query: unknown): string | null {
  if (typeof path !== "string" || !/^\/[\x20-\x7e]*$/.test(path) || path.length > pathLengthMax)
    return "rawPath is no path";
  if (query === undefined || (typeof query === "string" && /^[\x20-\x7e]*$/.test(query))) return null;
  return "rawQueryString is no query";
}

function faultOfHeaders({ headers, cookies }: { readonly headers?: unknown; readonly cookies?: unknown }) {
  if (!isJsonObject(headers)) return "headers is no object";
  const good = Object.entries(headers).every(
    ([name, value]) => headerName.test(name) && isHeaderValue(value),
  );
  if (!good) return "one of headers cannot be a header";
  if (cookies === undefined || (Array.isArray(cookies) && cookies.every(isCookie))) return null;
  return "cookies is no list of texts";
}

/** A line break would make two headers of one. */
function isHeaderValue(value: unknown): boolean {
  return value === undefined || (typeof value === "string" && !/[\0\r\n]/.test(value));
}

/** A list of them becomes one header as it is, which holds bytes alone. */
function isCookie(value: unknown): boolean {
  return typeof value === "string" && /^[\x20-\xff]*$/.test(value);
}

function faultOfBody({
  body,
  isBase64Encoded,
}: {
  readonly body?: unknown;
  readonly isBase64Encoded?: unknown;
}) {
  if (body === undefined || body === null) return null;
  if (typeof body !== "string") return "body is no text";
  if (isBase64Encoded === true && !isBase64(body)) return "body is no base64, though isBase64Encoded says so";
  return null;
}

/** With its padding or without. A pattern for the whole would take its stack, and a second, for the longest that a Lambda is handed. */
function isBase64(text: string): boolean {
  const end = text.indexOf("=");
  const length = end < 0 ? text.length : end;
  const padding = ["", "", "==", "="][length % 4];
  const isPadded = end < 0 || text.slice(end) === padding;
  return isPadded && length % 4 !== 1 && !/[^A-Za-z0-9+/]/.test(text.slice(0, length));
}

/**
 * A stage with a name stands before the path when the API is called by its own address, and does not behind a domain of one's own. So it is
 * taken away only where what is left is an address of ours.
 */
function withoutStage({ rawPath, requestContext: { stage } }: APIGatewayProxyEventV2): string {
  const before = `/${stage}/`;
  if (typeof stage !== "string" || stage === "$default" || !rawPath.startsWith(before)) return rawPath;
  const rest = rawPath.slice(before.length - 1);
  return roots.has(rootOf(rest)) ? rest : rawPath;
}

const roots: ReadonlySet<string> = new Set(Object.values(httpRoutes).map(rootOf));

function rootOf(path: string): string {
  return path.split("/")[1] ?? "";
}
