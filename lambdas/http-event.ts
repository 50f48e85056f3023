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
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/** The event with its path as the API knows it: without a stage before it. */
export function parseHttpEvent(given: unknown): ParsedEvent {
  const reason = faultOf(given);
  if (reason !== null) return { ok: false, reason };
  const event = given as APIGatewayProxyEventV2;
  return { ok: true, event: { ...event, rawPath: withoutStage(event) } };
}

function faultOf(event: unknown): string | null {
  if (!isJsonObject(event)) return "it is no object";
  if (event.version !== "2.0") return "its version is not 2.0: configure payload format 2.0";
  const context = event.requestContext;
  if (!isJsonObject(context) || !isJsonObject(context.http)) return "requestContext.http is missing";
  const { method } = context.http;
  if (typeof method !== "string" || !/^[A-Z]{1,20}$/.test(method))
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
  if (cookies === undefined || (Array.isArray(cookies) && cookies.every(isHeaderValue))) return null;
  return "cookies is no list of texts";
}

/** A line break would make two headers of one. */
function isHeaderValue(value: unknown): boolean {
  return value === undefined || (typeof value === "string" && !/[\0\r\n]/.test(value));
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
  if (isBase64Encoded === true && !base64.test(body))
    return "body is no base64, though isBase64Encoded says so";
  return null;
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
