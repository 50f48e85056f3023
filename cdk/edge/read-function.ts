/**
 * The CloudFront function before the bucket: a viewer reads one store's head and built objects with a read pass, and nothing else.
 *
 * It owns the check of the pass and the way from an API path to an object key. Safe because it starts from what is allowed: a path that
 * is not exactly one store id and one name of ours leads nowhere (so no encoded slash or dot counts), the pass must be signed with the
 * secret before a byte of it is read, its header is compared as a text (so no other algorithm is ever looked at), and what goes on to the
 * bucket is written anew: address, query and no Authorization. Its text keeps to ECMAScript 5.1 with const and let, as CloudFront's
 * runtime 2.0 promises; test/edge runs it as it is.
 */
import { StoreError } from "../../shared/errors.ts";
import { servedKinds } from "../../shared/wire/http-routes.ts";
import { headsPrefix } from "../../shared/wire/keys.ts";
import { readPassAudience, readPassScheme } from "../../shared/wire/read-pass.ts";

export interface ReadFunctionOptions {
  /**
   * What passes are signed with: 32 characters or more of letters, digits, "-" and "_". It is inserted as it is, so that a CDK token or a
   * dynamic reference to a secret may stand here.
   */
  readonly secret: string;
  /** The prefix of the store's objects in the bucket, without slashes at its ends; "" for none. */
  readonly root: string;
  /** Origins whose pages may read; "*" for all; a CDK token may stand in one. @default none */
  readonly corsOrigins?: readonly string[];
}

/** CloudFront's limit for a function's code, in bytes. */
export const readFunctionBytesMax = 10_240;

const secretShape = /^[A-Za-z0-9_-]{32,}$/;
/** Known only when it is deployed; the function itself looks again. */
const laterShape = /^(?:\$\{Token\[[^"\\\n]+\]\}|\{\{resolve:[^"\\\n]+\}\})$/;
const rootShape = /^(?:[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*)?$/;
/** Parts of an origin may be known only when it is deployed. */
const originShape =
  /^(?:\*|https?:\/\/[A-Za-z0-9.:[\]-]+|(?:https:\/\/)?(?:[A-Za-z0-9.:-]|\$\{Token\[[A-Za-z0-9:._-]+\]\})*\$\{Token\[[A-Za-z0-9:._-]+\]\}[A-Za-z0-9.:-]*)$/;

/**
 * The code of the function, for CloudFront's JavaScript runtime 2.0 and the viewer-request stage.
 *
 * @throws StoreError "rejected" for options that would not be safe in it; never repeats the secret.
 * @example
 * FunctionCode.fromInline(readFunctionCode({ secret: secret.secretValue.unsafeUnwrap(), root: "notes" }));
 */
export function readFunctionCode({ secret, root, corsOrigins = [] }: ReadFunctionOptions): string {
  if (!secretShape.test(secret) && !laterShape.test(secret))
    throw refused(
      "The secret of the read passes is too short or has other signs than letters, digits, - and _",
      "Let Secrets Manager make it: 64 characters, without punctuation.",
    );
  if (!rootShape.test(root) || /(?:^|\/)\.{1,2}(?:\/|$)/.test(root))
    throw refused(
      `"${root}" is no prefix that a read function can lead to`,
      'Give the part of the bucket\'s URL after its name, such as "notes" or "apps/notes".',
    );
  const odd = corsOrigins.find((origin) => !originShape.test(origin));
  if (odd !== undefined)
    throw refused(`"${odd}" is no origin`, "Give origins like https://notes.example.org, or *.");
  const prefix = root === "" ? "/" : `/${root}/`;
  return source
    .replace("@secret", () => secret)
    .replace("@prefix", () => prefix)
    .replace("@scheme", () => readPassScheme)
    .replace("@audience", () => readPassAudience)
    .replace("@heads", () => headsPrefix)
    .replace("@kinds", () => servedKinds.join("|"))
    .replace("@origins", () => corsOrigins.join(" "));
}

function refused(what: string, fix: string): StoreError {
  return new StoreError({ kind: "rejected", what, fix });
}

/** Names with a leading capital are what is inserted. */
const source = String.raw`import crypto from "crypto";

const Secret = "@secret";
const Origins = "@origins".split(" ");
const path = /^\/v1\/stores\/([a-z0-9][a-z0-9_-]{0,63})\/(?:head|(@kinds)\/(\d{8}T\d{6}\.\d{3}Z(?:-m\d{1,9})?-r\d{1,15}-[a-z0-9]{1,32}\.json))$/;
const bearer = /^bearer ([A-Za-z0-9_-]{36})\.([A-Za-z0-9_-]{1,600})\.([A-Za-z0-9_-]{43})$/i;
// {"alg":"HS256","typ":"JWT"}
const passHeader = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

function handler(event) {
  const request = event.request;
  const parts = path.exec(request.uri);
  if (!parts) return refusal(request, 404, "Not Found", "rejected", "This is no address of the API", "Look it up in /v1/openapi.json.");
  const store = parts[1];
  if (request.method === "OPTIONS") return preflight(request);
  if (request.method !== "GET" && request.method !== "HEAD")
    return refusal(request, 405, "Method Not Allowed", "rejected", "This address takes another method", "It takes GET, HEAD.");
  if (!holds(one(request, "authorization"), store))
    return refusal(request, 401, "Unauthorized", "unauthorized", "This needs a read pass that holds", "Ask for one at /v1/stores/" + store + "/pass.");
  const fresh = /\bno-(?:cache|store)\b/i.test(all(request, "cache-control"));
  request.uri = "@prefix" + (parts[2] ? parts[2] + "/" + store + "/" + parts[3] : "@heads" + store + ".json");
  // A name that nobody asked for yet leads past the cache.
  request.querystring = fresh ? { fresh: { value: freshName(event) } } : {};
  request.cookies = {};
  delete request.headers.authorization;
  return request;
}

// One pass, of this store, signed by us, not ended. Whatever is odd about it does not hold.
function holds(given, store) {
  try {
    if (!/^[A-Za-z0-9_-]{32,}$/.test(Secret) || given.length > 1000) return false;
    const pass = bearer.exec(given);
    if (!pass || pass[1] !== passHeader) return false;
    const signature = crypto.createHmac("sha256", Secret).update(pass[1] + "." + pass[2]).digest("base64url");
    if (!same(signature, pass[3])) return false;
    const says = JSON.parse(Buffer.from(pass[2], "base64url").toString());
    return says.aud === "@audience" && says.store === store && typeof says.exp === "number" && says.exp * 1000 > Date.now();
  } catch (e) {
    return false;
  }
}

// Takes as long for a good guess as for a bad one; both have one length.
function same(a, b) {
  let differ = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) differ |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return differ === 0;
}

// Clocks of two machines may agree where their requests do not: the request's own id keeps them apart.
function freshName(event) {
  const id = event.context && event.context.requestId ? event.context.requestId : String(Math.random());
  return Date.now() + "-" + id.replace(/[^A-Za-z0-9]/g, "");
}

// A header that came twice is none.
function one(request, name) {
  const header = request.headers[name];
  if (!header || (header.multiValue && header.multiValue.length > 1)) return "";
  return header.value;
}

function all(request, name) {
  const header = request.headers[name];
  if (!header) return "";
  return header.multiValue ? header.multiValue.map(function (each) { return each.value; }).join() : header.value;
}

function cors(request, headers) {
  const origin = one(request, "origin");
  const allowed = Origins.indexOf("*") >= 0 ? "*" : origin !== "" && Origins.indexOf(origin) >= 0 ? origin : "";
  if (allowed !== "") headers["access-control-allow-origin"] = { value: allowed };
  headers.vary = { value: "origin" };
  return allowed !== "";
}

function preflight(request) {
  const headers = {};
  if (cors(request, headers)) {
    headers["access-control-allow-methods"] = { value: "GET, HEAD" };
    headers["access-control-allow-headers"] = { value: "authorization, cache-control, if-none-match" };
    headers["access-control-max-age"] = { value: "86400" };
  }
  return { statusCode: 204, statusDescription: "No Content", headers: headers };
}

function refusal(request, status, description, kind, what, fix) {
  const headers = { "content-type": { value: "application/json" }, "cache-control": { value: "no-store" } };
  if (status === 401) headers["www-authenticate"] = { value: "@scheme" };
  if (cors(request, headers)) headers["access-control-expose-headers"] = { value: "date, www-authenticate" };
  const data = JSON.stringify({ error: { kind: kind, what: what, fix: fix } });
  return { statusCode: status, statusDescription: description, headers: headers, body: { encoding: "text", data: data } };
}
`;
