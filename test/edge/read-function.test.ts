/** The function at the edge: its very text, run in Node, with events as AWS documents them. */
import { generateKeyPairSync, sign as signRsa } from "node:crypto";
import fc from "fast-check";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { readFunctionBytesMax, readFunctionCode } from "../../cdk/edge/read-function.ts";
import { createReadPass } from "../../server/jwt/read-pass.ts";
import { parseWireError } from "../../shared/wire/http.ts";
import { builtPath, storePath } from "../../shared/wire/http-routes.ts";
import { builtKey, headKey } from "../../shared/wire/keys.ts";
import { toTimestamp } from "../../shared/wire/time.ts";
import {
  type EdgeAnswer,
  type EdgeResponse,
  edgeRequest,
  isResponse,
  loadEdgeFunction,
  signPass,
} from "../fixtures/edge-function.ts";
import { testStoreId } from "../fixtures/store-host.ts";

const secret = "0123456789abcdefghijklmnopqrstuvwxyzABCD_-";
const corsOrigins = ["https://notes.example.org", "http://127.0.0.1:8080"];
const code = readFunctionCode({ secret, root: "notes", corsOrigins });
const now = Date.UTC(2026, 10, 21, 9, 0, 0);
const run = loadEdgeFunction(code, { now: () => now });
const store = testStoreId("family");
const seconds = now / 1_000;
const good = { aud: "icecore-read", store: "family", exp: seconds + 300 };
const bearer = (pass: string) => ({ authorization: `Bearer ${pass}` });
const goodHeaders = bearer(signPass(good, secret));
const headUri = storePath(store, "head");
const names = {
  segments: "20261121T090503.209Z-r12-h3k5m7p9q1r2s3t4.json",
  snapshots: "20261121T090503.209Z-m2-r12-h3k5m7p9q1r2s3t4.json",
  marks: "20261121T090503.209Z-r999999999999999-a.json",
  indexes: "20261121T090503.209Z-r1-0.json",
} as const;

const read = (headers: Readonly<Record<string, string | readonly string[]>>, uri: string = headUri) =>
  run(edgeRequest("GET", uri, headers));
const statusOf = (answer: EdgeAnswer) => (isResponse(answer) ? answer.statusCode : "through");

function refusal(answer: EdgeAnswer): EdgeResponse {
  if (!isResponse(answer)) throw new Error(`it went through to ${answer.uri}`);
  return answer;
}

describe("A read with a pass that holds", () => {
  it("goes on to the object's key, without the pass, without a query and without cookies", () => {
    const query = { rev: "3", fresh: "123", versionId: "x", "response-content-type": "text/html" };
    const request = edgeRequest("GET", headUri, { ...goodHeaders, host: "d111.cloudfront.net" }, query);
    expect(run({ ...request, cookies: { a: { value: "b" } } })).toEqual({
      ...request,
      uri: "/notes/heads/family.json",
      headers: { host: { value: "d111.cloudfront.net" } },
      querystring: {},
      cookies: {},
    });
  });

  it.each(Object.entries(names))("leads to an object among the %s", (kind, name) => {
    const answer = read(goodHeaders, `/v1/stores/family/${kind}/${name}`);
    expect(answer).toMatchObject({ uri: `/notes/${kind}/family/${name}`, querystring: {} });
  });

  it("leads to the bucket's top where there is no prefix, and through a deep one", () => {
    for (const [root, uri] of [
      ["", "/heads/family.json"],
      ["a/b-c/d.e", "/a/b-c/d.e/heads/family.json"],
    ] as const) {
      const edge = loadEdgeFunction(readFunctionCode({ secret, root }), { now: () => now });
      expect(edge(edgeRequest("GET", headUri, goodHeaders))).toMatchObject({ uri });
    }
  });

  it("holds as the server makes it, for its store and until its end", async () => {
    let clock = now;
    const passes = createReadPass({ secret, platform: { ...createNodePlatform(), now: () => clock } });
    const { pass, expiresAt } = await passes.newPass(store);
    const edge = loadEdgeFunction(code, { now: () => clock });
    const ask = (uri: string) => statusOf(edge(edgeRequest("GET", uri, bearer(pass))));
    expect([ask(headUri), ask("/v1/stores/other/head")]).toEqual(["through", 401]);
    clock = expiresAt - 1;
    expect(ask(headUri)).toBe("through");
    clock = expiresAt;
    expect(ask(headUri)).toBe(401);
  });

  it("takes any spelling of the scheme, and a HEAD request", () => {
    const pass = signPass(good, secret);
    for (const scheme of ["Bearer", "bearer", "BEARER"])
      expect(statusOf(read({ authorization: `${scheme} ${pass}` }))).toBe("through");
    expect(statusOf(run(edgeRequest("HEAD", headUri, goodHeaders)))).toBe("through");
  });

  it("passes the cache where it is told to, by a name that no other request has", () => {
    const freshOf = (control: string | readonly string[]) => {
      const answer = read({ ...goodHeaders, "cache-control": control });
      return isResponse(answer) ? "refused" : answer.querystring.fresh?.value;
    };
    const fresh = [freshOf("no-cache"), freshOf("max-age=0, No-Cache"), freshOf("no-store")];
    fresh.push(freshOf(["max-age=0", "no-cache"]));
    for (const name of fresh) expect(name).toMatch(new RegExp(`^${now}-[A-Za-z0-9]+$`));
    expect(new Set(fresh).size).toBe(fresh.length);
    expect([freshOf("max-age=0"), freshOf("x-no-cached")]).toEqual([undefined, undefined]);
  });

  it("finds the key of every object that the client asks for", () => {
    const storeIds = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,63}$/);
    const kinds = fc.constantFrom("segments", "snapshots", "marks", "indexes");
    const through = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }).map(toTimestamp);
    const rev = fc.integer({ min: 1, max: 999_999_999_999_999 });
    const nonce = fc.stringMatching(/^[a-z0-9]{1,32}$/);
    fc.assert(
      fc.property(storeIds, kinds, through, rev, nonce, (id, kind, at, revision, name) => {
        const of = testStoreId(id);
        const version = kind === "snapshots" ? { modelVersion: 7 } : {};
        const key = builtKey({ kind, store: of, through: at, rev: revision, nonce: name, ...version });
        const headers = bearer(signPass({ ...good, store: id }, secret));
        for (const [path, found] of [
          [builtPath(of, key), key],
          [storePath(of, "head"), headKey(of)],
        ])
          expect(read(headers, path)).toMatchObject({ uri: `/notes/${found}` });
      }),
    );
  });
});

describe("A pass that does not hold", () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const pass = signPass(good, secret);
  const [header = "", payload = "", signature = ""] = pass.split(".");
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const rsa = `${encoded({ alg: "RS256", typ: "JWT" })}.${payload}`;
  const none = encoded({ alg: "none", typ: "JWT" });
  const flipped = (at: number) => {
    const byte = Buffer.from(signature, "base64url");
    byte[at] = (byte[at] ?? 0) ^ 1;
    return `${header}.${payload}.${byte.toString("base64url")}`;
  };
  const cases: Readonly<Record<string, string>> = {
    "is missing": "",
    "is the scheme alone": "Bearer ",
    "has another scheme": `Basic ${pass}`,
    "has no scheme": pass,
    "is a word": "Bearer secret",
    "has ended": `Bearer ${signPass({ ...good, exp: seconds }, secret)}`,
    "ended long ago": `Bearer ${signPass({ ...good, exp: 1 }, secret)}`,
    "is of another store": `Bearer ${signPass({ ...good, store: "family2" }, secret)}`,
    "is of a store whose name begins so": `Bearer ${signPass({ ...good, store: "fam" }, secret)}`,
    "is of all stores": `Bearer ${signPass({ ...good, store: "*" }, secret)}`,
    "has a list of stores": `Bearer ${signPass({ ...good, store: ["family"] }, secret)}`,
    "has another audience": `Bearer ${signPass({ ...good, aud: "icecore" }, secret)}`,
    "has a list of audiences": `Bearer ${signPass({ ...good, aud: ["icecore-read"] }, secret)}`,
    "has no audience": `Bearer ${signPass({ store: "family", exp: good.exp }, secret)}`,
    "has no end": `Bearer ${signPass({ aud: good.aud, store: good.store }, secret)}`,
    "has an end that is a text": `Bearer ${signPass({ ...good, exp: "9999999999" }, secret)}`,
    "has an end that is no number": `Bearer ${signPass('{"aud":"icecore-read","store":"family","exp":null}', secret)}`,
    "hides its claims in a prototype": `Bearer ${signPass('{"__proto__":{"aud":"icecore-read","store":"family","exp":9999999999}}', secret)}`,
    "is signed with another secret": `Bearer ${signPass(good, `${secret}x`)}`,
    "is signed with an empty secret": `Bearer ${signPass(good, "")}`,
    "has another hash": `Bearer ${signPass(good, secret, { alg: "HS256", typ: "JWT" }, "sha512").slice(0, 300)}`,
    "says that it has no algorithm": `Bearer ${none}.${payload}.`,
    "says so and is signed all the same": `Bearer ${signPass(good, secret, { alg: "none", typ: "JWT" })}`,
    "says HS512": `Bearer ${signPass(good, secret, { alg: "HS512", typ: "JWT" }, "sha512")}`,
    "has a header of the same length": `Bearer ${signPass(good, secret, { alg: "hs256", typ: "JWT" })}`,
    "has more in its header": `Bearer ${signPass(good, secret, { alg: "HS256", typ: "JWT", kid: "../../etc" })}`,
    "is signed with a key pair": `Bearer ${rsa}.${signRsa("sha256", Buffer.from(rsa), privateKey).toString("base64url")}`,
    "has no signature": `Bearer ${header}.${payload}.`,
    "has two parts": `Bearer ${header}.${payload}`,
    "has four parts": `Bearer ${pass}.x`,
    "has its first bit wrong": `Bearer ${flipped(0)}`,
    "has its last bit wrong": `Bearer ${flipped(31)}`,
    "has a longer signature": `Bearer ${pass}A`,
    "has a shorter signature": `Bearer ${pass.slice(0, -1)}`,
    "has another payload": `Bearer ${header}.${encoded({ ...good, store: "family" })}x.${signature}`,
    "is padded": `Bearer ${pass}=`,
    "has signs of plain base64": `Bearer ${header}.${payload}.${"+".repeat(43)}`,
    "ends in a line break": `Bearer ${pass}\n`,
    "has a space in it": `Bearer ${header}. ${payload}.${signature}`,
    "is no JSON": `Bearer ${signPass("family", secret)}`,
    "is a list": `Bearer ${signPass([good], secret)}`,
    "is null": `Bearer ${signPass(null, secret)}`,
    "is too long": `Bearer ${signPass({ ...good, more: "x".repeat(2_000) }, secret)}`,
    "is far too long": `Bearer ${"A".repeat(1_000_000)}`,
    "has no text": `Bearer ${Buffer.from([0xff, 0xfe]).toString("base64url")}`,
  };

  it.each(Object.entries(cases))("is refused where it %s", (_, authorization) => {
    const { statusCode, headers, body } = refusal(read(authorization === "" ? {} : { authorization }));
    expect(statusCode).toBe(401);
    expect(headers["www-authenticate"]).toEqual({ value: "IcecoreReadPass" });
    expect(headers["cache-control"]).toEqual({ value: "no-store" });
    const told = parseWireError(JSON.parse(body?.data ?? ""));
    expect(told).toMatchObject({ ok: true, value: { kind: "unauthorized" } });
    if (authorization.length > 20) expect(body?.data).not.toContain(authorization.slice(7, 40));
  });

  it("is refused where two were sent, for one of them may be somebody else's", () => {
    const both = [`Bearer ${pass}`, `Bearer ${signPass({ ...good, store: "x" }, secret)}`];
    expect(statusOf(read({ authorization: both }))).toBe(401);
    expect(statusOf(read({ authorization: [`Bearer ${pass}`] }))).toBe("through");
  });

  it("is refused whatever it is", () => {
    const text = fc.string({ maxLength: 300, unit: "grapheme" });
    const likely = fc.stringMatching(/^Bearer [A-Za-z0-9_-]{36}\.[A-Za-z0-9_-]{1,80}\.[A-Za-z0-9_-]{43}$/);
    fc.assert(
      fc.property(fc.oneof(text, likely), (authorization) => {
        expect(statusOf(read({ authorization }))).toBe(401);
      }),
    );
  });

  it("is refused by a function whose secret was not filled in", () => {
    const secrets = ["{{resolve:secretsmanager:arn:SecretString:::}}", ["$", "{Token[TOKEN.12]}"].join("")];
    for (const unresolved of secrets) {
      const edge = loadEdgeFunction(readFunctionCode({ secret: unresolved, root: "" }));
      const headers = bearer(signPass({ ...good, exp: 9_999_999_999 }, unresolved));
      expect(statusOf(edge(edgeRequest("GET", headUri, headers)))).toBe(401);
    }
  });
});

describe("A path that is none of the store's objects", () => {
  const [segment, snapshot] = [names.segments, names.snapshots];
  const paths = [
    "/",
    "",
    "/heads/family.json",
    "/notes/heads/family.json",
    "/v1/stores/family",
    "/v1/stores/family/head/",
    "/v1/stores/family/head?x",
    "/v1/stores//head",
    "/v1/stores/family//head",
    "/v1/stores/FAMILY/head",
    "/v1/stores/-family/head",
    `/v1/stores/${"a".repeat(65)}/head`,
    "/v1/stores/../head",
    "/v1/stores/family/../other/head",
    "/v1/stores/family%2f..%2fother/head",
    "/v1/stores/family/%68ead",
    "/v1/stores/%66amily/head",
    "/v1/stores/family%00/head",
    "/v1/stores/family/head\n",
    "/v1/stores/family/heads/other.json",
    "/v1/stores/family/updates/20261121T090503.209Z-01KAJA0000000000000000000.json",
    "/v1/stores/family/sweeps/20261121T090503.209Z-r12-a.json",
    "/v1/stores/family/segments/",
    "/v1/stores/family/segments/..",
    "/v1/stores/family/segments/../../heads/other.json",
    "/v1/stores/family/segments/..%2f..%2fheads%2fother.json",
    "/v1/stores/family/segments/%2e%2e/%2e%2e/heads/other.json",
    "/v1/stores/family/segments/%252e%252e%252fheads%252fother.json",
    "/v1/stores/family/segments/..\\..\\heads\\other.json",
    `/v1/stores/family/segments/${segment}/`,
    `/v1/stores/family/segments/${segment}/../${segment}`,
    `/v1/stores/family/segments/other%2f${segment}`,
    `/v1/stores/family/segments/./${segment}`,
    `/v1/stores/family/segments/${segment}%00`,
    `/v1/stores/family/segments/${segment.replace(".json", ".JSON")}`,
    `/v1/stores/family/segments/${segment.replace("r12", "r-12")}`,
    `/v1/stores/family/snapshots/${snapshot}.json`,
    `/v1/stores/family/constructor/${segment}`,
    `/v1/stores/family/segments|snapshots/${segment}`,
    `/V1/stores/family/segments/${segment}`,
    `//v1/stores/family/segments/${segment}`,
    `/v1/stores/family/segments/${"9".repeat(100_000)}.json`,
  ];

  it.each(paths.map((path) => [path.length > 90 ? `${path.slice(0, 90)}…` : path, path]))(
    "leads nowhere: %s",
    (_, path) => {
      for (const method of ["GET", "OPTIONS", "PUT"]) {
        const { statusCode, body } = refusal(run(edgeRequest(method, path, goodHeaders)));
        expect(statusCode).toBe(404);
        expect(parseWireError(JSON.parse(body?.data ?? ""))).toMatchObject({ ok: true });
      }
    },
  );

  it("never leads out of its store, whatever the path is", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "..",
        ".",
        "%2e",
        "%2f",
        "/",
        "head",
        "segments",
        "family",
        "other",
        segment,
        "\\",
        "?",
      ),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const answer = read(goodHeaders, `/v1/stores/family/${pieces.join("")}`);
        if (isResponse(answer)) return;
        expect(answer.uri).toMatch(/^\/notes\/(?:heads\/family\.json|[a-z]+\/family\/[A-Za-z0-9.-]+\.json)$/);
      }),
    );
  });

  it("takes no other method than reading ones", () => {
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "TRACE", "get"])
      expect(statusOf(run(edgeRequest(method, headUri, goodHeaders)))).toBe(405);
  });
});

describe("A page of another origin", () => {
  const preflight = (origin: string, edge = run) =>
    refusal(edge(edgeRequest("OPTIONS", headUri, { origin, "access-control-request-method": "GET" })));

  it("may ask before it reads, without a pass, where its origin is one of those that may", () => {
    for (const origin of corsOrigins)
      expect(preflight(origin)).toMatchObject({
        statusCode: 204,
        headers: {
          "access-control-allow-origin": { value: origin },
          "access-control-allow-headers": { value: "authorization, cache-control, if-none-match" },
          vary: { value: "origin" },
        },
      });
    for (const origin of ["https://evil.example.org", "null", "", "https://notes.example.org.evil"])
      expect(preflight(origin).headers).toEqual({ vary: { value: "origin" } });
  });

  it("sees what it is refused for", () => {
    const [origin = ""] = corsOrigins;
    expect(refusal(read({ origin })).headers).toMatchObject({
      "access-control-allow-origin": { value: origin },
      "access-control-expose-headers": { value: "date, www-authenticate" },
    });
    expect(refusal(read({ origin: "https://evil.example.org" })).headers).not.toHaveProperty([
      "access-control-allow-origin",
    ]);
  });

  it("may be any where all may, and none where nobody said who", () => {
    const open = loadEdgeFunction(readFunctionCode({ secret, root: "", corsOrigins: ["*"] }));
    const closed = loadEdgeFunction(readFunctionCode({ secret, root: "" }));
    expect(preflight("https://x.org", open).headers["access-control-allow-origin"]).toEqual({ value: "*" });
    for (const origin of ["https://x.org", ""])
      expect(preflight(origin, closed).headers).toEqual({ vary: { value: "origin" } });
  });
});

describe("The function's text", () => {
  it(`is shorter than CloudFront's ${readFunctionBytesMax} bytes, with room for a long secret and origins`, () => {
    const origins = Array.from({ length: 20 }, (_, i) => `https://a-rather-long-name-${i}.example.org`);
    const long = readFunctionCode({ secret: "x".repeat(512), root: "apps/notes", corsOrigins: origins });
    expect(Buffer.byteLength(code)).toBeLessThan(7_000);
    expect(Buffer.byteLength(long)).toBeLessThan(readFunctionBytesMax);
  });

  it("has nothing left to fill in, and is plain ASCII", () => {
    expect(code).not.toMatch(/"@|\(@/);
    expect(code).toMatch(/^[\n\x20-\x7e]+$/);
  });

  it("keeps to what runtime 2.0 promises: ECMAScript 5.1, const, let and one import", () => {
    const file = ts.createSourceFile("function.js", code, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
    const { SyntaxKind } = ts;
    const newer = new Set<ts.SyntaxKind>([
      SyntaxKind.ObjectBindingPattern,
      SyntaxKind.ArrayBindingPattern,
      SyntaxKind.SpreadElement,
      SyntaxKind.SpreadAssignment,
      SyntaxKind.ShorthandPropertyAssignment,
      SyntaxKind.QuestionDotToken,
      SyntaxKind.QuestionQuestionToken,
      SyntaxKind.ForOfStatement,
      SyntaxKind.ClassDeclaration,
      SyntaxKind.ClassExpression,
      SyntaxKind.AwaitExpression,
      SyntaxKind.YieldExpression,
      SyntaxKind.ArrowFunction,
      SyntaxKind.MethodDeclaration,
      SyntaxKind.ComputedPropertyName,
      SyntaxKind.BigIntLiteral,
      SyntaxKind.TemplateExpression,
    ]);
    const found: string[] = [];
    const names = new Set<string>();
    const walk = (node: ts.Node): void => {
      if (newer.has(node.kind)) found.push(SyntaxKind[node.kind] ?? "");
      if (ts.isParameter(node) && node.initializer) found.push("default parameter");
      if (ts.isCatchClause(node) && !node.variableDeclaration) found.push("catch without a name");
      if (ts.isPropertyAccessExpression(node)) names.add(node.name.text);
      // Flags, look-behind, named groups and escapes of later editions.
      if (ts.isRegularExpressionLiteral(node) && /\/[a-z]*[suydv][a-z]*$|\(\?<|\\p\{/.test(node.text))
        found.push(node.text);
      ts.forEachChild(node, walk);
    };
    walk(file);
    expect(found).toEqual([]);
    expect(file.statements.filter(ts.isImportDeclaration)).toHaveLength(1);
    const later = [
      "at",
      "includes",
      "startsWith",
      "endsWith",
      "padEnd",
      "flat",
      "flatMap",
      "replaceAll",
      "matchAll",
    ];
    expect(later.filter((name) => names.has(name))).toEqual([]);
    // eval and Function are not there, nor is anything that waits.
    expect(code).not.toMatch(/\b(?:eval|Function|setTimeout|Promise|TextEncoder|TextDecoder|require)\b/);
  });

  it("is refused with a secret that is weak or would end its text, and never repeats it", () => {
    for (const bad of [
      "",
      "short",
      'x"; const Secret = "y'.padEnd(40, "z"),
      "ö".repeat(40),
      `${"a".repeat(40)}\n`,
    ]) {
      const make = () => readFunctionCode({ secret: bad, root: "" });
      expect(make).toThrow(expect.objectContaining({ kind: "rejected" }));
      if (bad.length > 5) expect(make).not.toThrow(bad);
    }
  });

  it("is refused with a prefix or an origin that is none", () => {
    for (const root of ["/notes", "notes/", "a//b", "..", "a/../b", "a b", 'a"b', "a%2f"])
      expect(() => readFunctionCode({ secret, root })).toThrow(/prefix/);
    for (const origin of ["notes.example.org", "https://a.org/", 'https://a.org"', "https://a.org b", ""])
      expect(() => readFunctionCode({ secret, root: "", corsOrigins: [origin] })).toThrow(/origin/);
  });
});
