/**
 * Requests made from the OpenAPI document: as it says, nearly so, and hostile, for every operation and beside all of them. None of them
 * may be answered as a failure of the server: what an update itself has to wait for is told with 429.
 */
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import type { Json, JsonObject } from "../../shared/json.ts";
import { isJsonObject } from "../../shared/json.ts";
import { type Timestamp, toTimestamp } from "../../shared/wire/time.ts";
import { encodeUpdate, updateFormat } from "../../shared/wire/update.ts";
import { type Operation, operationsOf } from "../auth/operations.ts";
import { testApp, testUpdate } from "../fixtures/store-host.ts";
import { valuesOf } from "./from-schema.ts";

export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
}

/** What is really there, so that some requests get through. */
export interface Known {
  readonly stores: readonly string[];
  readonly keys: readonly string[];
  /** Of what stands there now. */
  readonly etags: readonly string[];
  /** Authorization headers of those who may, and of others. */
  readonly tokens: readonly string[];
  readonly otherTokens: readonly string[];
  /** Numbers for testApp: whose apps are the tokens'. */
  readonly apps: readonly number[];
  readonly after: Timestamp;
}

export function requestsOf(document: JsonObject, known: Known): fc.Arbitrary<FuzzRequest> {
  const operations = operationsOf(document).map((operation) =>
    requestsOfOperation(operation, document, known),
  );
  return fc.oneof(
    { weight: 20, arbitrary: fc.oneof(...operations) },
    { weight: 1, arbitrary: strays(known) },
  );
}

/** Names that mean something to some part on the way: none of them may mean anything here. */
const hostileNames = [
  "..",
  ".",
  "%2e%2e",
  "..%2f..%2fheads",
  "%00",
  "%",
  "%ZZ",
  "%ff",
  "%c0%ae",
  "a%2Fb",
  "a%20b",
  "a;b=c",
  "~",
  "-",
  "_",
  "*",
  "$&",
  "__proto__",
  "constructor",
  "toString",
  "MAIN",
  "main.json",
  "main?",
  "main#",
  "null",
  "undefined",
  "0",
  "[object%20Object]",
  "x".repeat(64),
  "x".repeat(65),
  "x".repeat(3_000),
  "%F0%9F%A7%8A",
  "%E2%80%AE",
  "C:%5C",
  "%2F%2Fetc",
];

function texts(chars: RegExp): fc.Arbitrary<string> {
  return fc
    .string({ unit: "binary", maxLength: 40 })
    .map((text) => [...text].filter((char) => chars.test(char)).join(""));
}

/** As much of Latin-1 as Node's client sends in a header. */
const headerTexts = texts(/^[\t\x20-\x7e\x80-\xff]$/).map((text) => text.trim());
const pathTexts = texts(/^[\x21-\x7e]$/);

function names(good: readonly string[], shape: string | null): fc.Arbitrary<string> {
  const shaped = shape === null ? [] : [{ weight: 2, arbitrary: fc.stringMatching(new RegExp(shape)) }];
  return fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...good) },
    ...shaped,
    { weight: 2, arbitrary: fc.constantFrom(...hostileNames) },
    { weight: 1, arbitrary: pathTexts },
  );
}

function requestsOfOperation(
  operation: Operation,
  document: JsonObject,
  known: Known,
): fc.Arbitrary<FuzzRequest> {
  const item = (document.paths as JsonObject)[operation.path] as JsonObject;
  const told = item[operation.method.toLowerCase()] as JsonObject;
  return fc
    .record({
      method: methods(operation.method),
      path: paths(operation.path, told, known),
      authorization: authorizations(known),
      headers: headers(told, known),
      body: bodies(told, document, known),
    })
    .map(({ method, path, authorization, headers, body }) => ({
      method,
      path,
      headers: { ...body.headers, ...headers, ...(authorization === null ? {} : { authorization }) },
      body: body.body,
    }));
}

const otherMethods = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "PATCH",
  "OPTIONS",
  "TRACE",
  "PROPFIND",
  "PURGE",
  "M-SEARCH",
  "QUERY",
];

function methods(own: string): fc.Arbitrary<string> {
  const head = own === "GET" ? ["HEAD"] : [];
  const mayBe = otherMethods.filter((method) => method !== "QUERY" || process.versions.node >= "22");
  return fc.oneof(
    { weight: 16, arbitrary: fc.constant(own) },
    { weight: 2, arbitrary: fc.constantFrom(own, ...head) },
    { weight: 1, arbitrary: fc.constantFrom(...mayBe) },
  );
}

function paths(pattern: string, told: JsonObject, known: Known): fc.Arbitrary<string> {
  const parameters = ((told.parameters ?? []) as readonly JsonObject[]).filter((one) => one.in === "query");
  const plain = fc
    .tuple(names(known.stores, "^[a-z0-9][a-z0-9_-]{0,63}$"), names(known.keys, null))
    .map(([store, key]) => pattern.replace("{store}", () => store).replace("{key}", () => key));
  const bent = fc.constantFrom<(path: string) => string>(
    (path) => `${path}/`,
    (path) => `/${path}`,
    (path) => path.replace(/\/(?=[^/]*$)/, "//"),
    (path) => path.toUpperCase(),
    (path) => `${path}/more`,
    (path) => `${path}%00`,
    (path) => path.replace("stores", "st%6fres"),
    (path) => path.replace("/v1/", "/v1/../v1/./"),
    (path) => `http://elsewhere.example.com${path}`,
  );
  const bending = fc.oneof(
    { weight: 20, arbitrary: fc.constant((path: string) => path) },
    { weight: 1, arbitrary: bent },
  );
  return fc.tuple(plain, bending, queries(parameters)).map(([path, bend, query]) => bend(path) + query);
}

function queries(parameters: readonly JsonObject[]): fc.Arbitrary<string> {
  const names = [...parameters.map(({ name }) => String(name)), "__proto__", "x"];
  const value = fc.oneof(
    fc.nat({ max: 3 }).map(String),
    fc.constantFrom(
      "-1",
      "1.5",
      "1e3",
      "",
      "%",
      "%00",
      "0x10",
      "99999999999999999999",
      "%D9%A1",
      "null",
      "true",
      "9".repeat(2_000),
    ),
    pathTexts.map((text) => encodeURIComponent(text)),
  );
  const one = fc.tuple(fc.constantFrom(...names), value).map(([name, text]) => `${name}=${text}`);
  const ofSome = fc.array(one, { minLength: 1, maxLength: 3 }).map((list) => `?${list.join("&")}`);
  const odd = fc.constantFrom("?", "?&&", "?=", "?wait", "?wait[]=1", "?wait[__proto__]=1", "#x");
  const none = fc.constant("");
  const weight = parameters.length > 0 ? 6 : 1;
  return fc.oneof(
    { weight: 8, arbitrary: none },
    { weight, arbitrary: ofSome },
    { weight: 1, arbitrary: odd },
  );
}

function authorizations({ tokens, otherTokens }: Known): fc.Arbitrary<string | null> {
  return fc.oneof(
    { weight: 16, arbitrary: fc.constantFrom(...tokens) },
    { weight: 2, arbitrary: fc.constantFrom(...otherTokens) },
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: headerTexts },
    { weight: 1, arbitrary: headerTexts.map((text) => `Bearer ${text}`) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("Bearer", `Bearer ${"x".repeat(9_000)}`, "Bearer a.b.c", "Basic YTpi"),
    },
  );
}

const oddHeaders: Readonly<Record<string, readonly string[]>> = {
  "accept-encoding": ["gzip", "gzip;q=0", "br", "*", "identity;q=0", "gzip;q=nonsense", ",,,"],
  "cache-control": ["no-cache", "max-age=0", "only-if-cached", "no-cache, no-cache"],
  "if-none-match": ["*", '"x"', 'W/"x"', '"a", "b"', "'", '"', `"${"x".repeat(2_000)}"`],
  "content-encoding": ["gzip", "br", "deflate", "identity", "nonsense"],
  "content-type": [
    "application/json; charset=utf-16",
    "application/JSON",
    "text/plain",
    "application/jsonp",
    "a/b",
    "multipart/form-data",
    "",
  ],
  accept: ["text/html", "application/xml;q=1", "*/*", "nonsense"],
  range: ["bytes=0-0", "bytes=-1", "bytes=9-1"],
  origin: ["https://notes.example.com", "null", "https://elsewhere.example.com"],
  "access-control-request-method": ["POST", "DELETE"],
  host: ["elsewhere.example.com", "localhost:1", "[::1]", "a_b", "1.2.3", "a b", "%", "[", "a/b", "a@b", "?"],
  "x-forwarded-host": ["elsewhere.example.com"],
  "x-http-method-override": ["DELETE"],
  upgrade: ["websocket", "h2c"],
  cookie: ["a=b; __proto__=c"],
  expect: ["100-continue"],
  "last-event-id": ["1"],
  __proto__: ["x"],
};

function headers(told: JsonObject, { etags }: Known): fc.Arbitrary<Readonly<Record<string, string>>> {
  const documented = ((told.parameters ?? []) as readonly JsonObject[]).filter((one) => one.in === "header");
  const often = documented.flatMap(({ name }) => Array<string>(6).fill(String(name).toLowerCase()));
  const names = [...Object.keys(oddHeaders), ...often];
  const one = fc.constantFrom(...names).chain((name) => {
    const odd = [...(oddHeaders[name] ?? ["x"]), ...(name === "if-none-match" ? etags : [])];
    return fc.tuple(
      fc.constant(name),
      name === "host" ? fc.constantFrom(...odd) : fc.oneof(fc.constantFrom(...odd), headerTexts),
    );
  });
  const some = fc.array(one, { maxLength: 2 });
  return fc
    .oneof({ weight: 5, arbitrary: fc.constant([]) }, { weight: 3, arbitrary: some })
    .map((list) => Object.fromEntries(list.filter(sendable)));
}

/** Node's client waits for what these promise. */
function sendable([name, value]: readonly [string, string]): boolean {
  return name !== "expect" || value === "100-continue";
}

interface Body {
  readonly body: string | Uint8Array | null;
  readonly headers: Readonly<Record<string, string>>;
}

function bodies(told: JsonObject, document: JsonObject, known: Known): fc.Arbitrary<Body> {
  const content = (told.requestBody as JsonObject | undefined)?.content as JsonObject | undefined;
  if (content === undefined)
    return fc.oneof(
      { weight: 12, arbitrary: fc.constant({ body: null, headers: {} }) },
      { weight: 1, arbitrary: hostile.map(asJson) },
    );
  const [[, media] = ["", {}]] = Object.entries(content);
  const schema = (media as JsonObject).schema as JsonObject;
  const documented = valuesOf(schema, document);
  const meant = isUpdate(schema) ? updates(known) : documented.map((value) => meantFor(value, known));
  const fits = fc.oneof({ weight: 3, arbitrary: meant }, { weight: 1, arbitrary: documented });
  const text = fits.map((value) => JSON.stringify(value));
  return fc.oneof(
    { weight: 8, arbitrary: text.map(asJson) },
    { weight: 6, arbitrary: fits.chain(nearly).map(asJson) },
    { weight: 3, arbitrary: text.chain(mangled).map(asJson) },
    {
      weight: 2,
      arbitrary: text.map((plain) => ({
        ...asJson(gzipSync(plain)),
        headers: { ...json, "content-encoding": "gzip" },
      })),
    },
    { weight: 2, arbitrary: hostile.map(asJson) },
    { weight: 1, arbitrary: text.map((body) => ({ body, headers: {} })) },
  );
}

const json = { "content-type": "application/json" };
const asJson = (body: string | Uint8Array): Body => ({ body, headers: json });

function isUpdate(schema: JsonObject): boolean {
  return String(schema.$ref).endsWith("/Update");
}

/** With an app id of the caller's, so that it is let through. */
function meantFor(value: Json, { apps }: Known): Json {
  return isJsonObject(value) && "app" in value ? { ...value, app: testApp(apps[0] ?? 1) } : value;
}

/** Too far ahead for any wait: an hour, a century, the end of time. */
const timesToCome = fc.constantFrom(3_600_000, 100 * 365 * 86_400_000, Number.POSITIVE_INFINITY);

/** Updates as clients make them: most of them are stored. */
function updates({ apps, after }: Known): fc.Arbitrary<Json> {
  const entry = fc.record({ key: fc.string(), value: fc.jsonValue({ maxDepth: 3 }) }) as fc.Arbitrary<Json>;
  return fc
    .record({
      app: fc.constantFrom(...apps),
      seq: fc.integer({ min: 1, max: 60 }),
      entries: fc.array(entry, { maxLength: 4 }),
      after: fc.oneof(
        { weight: 20, arbitrary: fc.constantFrom(toTimestamp(0), after) },
        { weight: 1, arbitrary: timesToCome.map((aheadMs) => toTimestamp(after + aheadMs)) },
      ),
      modelVersion: fc.constantFrom(...Array<number>(12).fill(1), 0, 2, 999_999_999),
      format: fc.constantFrom(
        ...Array<string>(12).fill(updateFormat),
        "icecore-update-2",
        "icecore-update-0",
      ),
    })
    .map(({ app, seq, entries, after, modelVersion, format }) => ({
      ...encodeUpdate({ ...testUpdate(app, seq, entries), after, modelVersion }),
      format,
    }));
}

const poison = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
const oddValues = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    "",
    "x",
    -1,
    0,
    1,
    1.5,
    -0,
    [],
    {},
    [[]],
    "\u0000",
    "\ud800",
    "x".repeat(70_000),
    Number.MAX_SAFE_INTEGER,
    1e300,
  ),
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(
    { $: "date", v: "soon" },
    { $: "nowhere" },
    { $: 7 },
    { $: "map", v: [[1]] },
    { $: "bigint", v: "x" },
  ),
);

/** One member, at any depth, taken away, replaced, doubled or put in. */
function nearly(value: Json): fc.Arbitrary<string> {
  const places = placesOf(value);
  const place = fc.constantFrom(...places);
  const change = fc.oneof(
    place.map((at) => JSON.stringify(changed(value, at, () => undefined))),
    fc.tuple(place, oddValues).map(([at, odd]) => JSON.stringify(changed(value, at, () => odd as Json))),
    place.map((at) => JSON.stringify(changed(value, at, (old) => [old, old] as Json))),
    place.map((at) => JSON.stringify(changed(value, at, () => "POISON")).replace('"POISON"', poison)),
    fc
      .tuple(place, fc.integer({ min: 1, max: 400 }))
      .map(([at, levels]) =>
        JSON.stringify(changed(value, at, () => "DEEP")).replace(
          '"DEEP"',
          "[".repeat(levels) + "]".repeat(levels),
        ),
      ),
    fc.constantFrom("__proto__", "constructor", "principal", "timestamp", "x").map((name) => {
      const text = JSON.stringify(value);
      return text.startsWith("{") ? text.replace("{", `{"${name}":"eve",`) : text;
    }),
  );
  return change.map((text) => text ?? "null");
}

type Place = readonly (string | number)[];

function placesOf(value: Json, at: Place = []): readonly Place[] {
  if (typeof value !== "object" || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([name, one]) => placesOf(one as Json, [...at, name]))];
}

function changed(
  value: Json,
  [first, ...rest]: Place,
  change: (old: Json) => Json | undefined,
): Json | undefined {
  if (first === undefined) return change(value);
  const members = value as Readonly<Record<string, Json>>;
  const inner = changed(members[first] as Json, rest, change);
  if (Array.isArray(value)) return value.map((one, i) => (i === Number(first) ? (inner ?? null) : one));
  return { ...members, [first]: inner } as Json;
}

/** The text itself is damaged on its way. */
function mangled(text: string): fc.Arbitrary<string | Uint8Array> {
  const bytes = Buffer.from(text);
  const at = fc.nat({ max: Math.max(0, bytes.length - 1) });
  return fc.oneof(
    at.map((i) => bytes.subarray(0, i)),
    fc.tuple(at, fc.nat({ max: 255 })).map(([i, byte]) => {
      const other = Buffer.from(bytes);
      other[i] = byte;
      return other;
    }),
    fc.constantFrom(
      `\ufeff${text}`,
      ` ${text}\n\n`,
      text + text,
      `${text}//`,
      `"${text.slice(0, 40)}`,
      text.replace(/:1[,}]/, ":1e999,"),
    ),
    fc.constant(Buffer.from(text, "utf16le")),
    at.map((i) => gzipSync(bytes).subarray(0, i)),
  );
}

const megabyte = 1024 * 1024;
/** Big ones are made once. */
const bomb = gzipSync(Buffer.alloc(20 * megabyte, 0x20));
const hostile: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  fc.constantFrom<string | Uint8Array>(
    "",
    "null",
    "[]",
    "{}",
    "7",
    '"x"',
    "undefined",
    "NaN",
    "-",
    "{",
    "[",
    '{"a":',
    "<!doctype html>",
    poison,
    "[".repeat(100_000),
    "[".repeat(5_000) + "]".repeat(5_000),
    `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`,
    `"${"x".repeat(600 * 1024)}"`,
    `[${"0,".repeat(200_000)}0]`,
    " ".repeat(500 * 1024),
    "1".repeat(400_000),
    '"\\ud800"',
    '"\\u0000"',
    '{"":1,"":2}',
    bomb,
    gzipSync("null"),
    Buffer.of(0x1f, 0x8b),
    Buffer.of(0xff, 0xfe, 0x7b, 0x7d),
  ),
  fc.uint8Array({ maxLength: 200 }),
  fc.string({ unit: "binary" }),
  fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value)),
);

/** Beside all operations. */
function strays({ stores, tokens }: Known): fc.Arbitrary<FuzzRequest> {
  const [store = ""] = stores;
  const fixed = [
    "/",
    "/v1",
    "/v1/",
    "/v1/stores",
    "/v1/stores/",
    `/v1/stores/${store}/`,
    `/v1/stores/${store}/sweeps/x`,
    `/v1/stores/${store}/heads`,
    "/v2/time",
    "/favicon.ico",
    "/robots.txt",
    "/.env",
    "/__proto__",
    "/v1/time/",
    "/healthz/x",
    "//",
    "/*",
    "*",
    "/%",
    "/?v1/time",
  ];
  return fc
    .record({
      method: fc.constantFrom(...otherMethods.slice(0, 7)),
      path: fc.oneof(
        fc.constantFrom(...fixed),
        pathTexts.map((text) => `/${text}`),
      ),
      authorization: fc.constantFrom(...tokens),
    })
    .map(({ method, path, authorization }) => ({ method, path, headers: { authorization }, body: null }));
}
