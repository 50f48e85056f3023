/** icecore token, and icecore serve that asks for tokens: as people call them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createJwtAuthenticate } from "../../server/jwt/authenticate.ts";
import { parseTimestamp } from "../../shared/wire/time.ts";
import { encodeUpdate } from "../../shared/wire/update.ts";
import { callApi } from "../fixtures/api-server.ts";
import { cliHere, finished, startCli } from "../fixtures/cli-run.ts";
import { testApp, testUpdate } from "../fixtures/store-host.ts";

const secret = "a secret in a file, made by chance, 123";
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "icecore-token-"));
  file = join(folder, "secret.txt");
  writeFileSync(file, `${secret}\n`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const asked = (...more: readonly string[]) => [
  "token",
  "--secret-file",
  file,
  "--audience",
  "notes",
  "--subject",
  "anna",
  "--role",
  "writer",
  ...(more.includes("--store") ? [] : ["--store", "family"]),
  ...more,
];

function read(token: string, issuer?: string) {
  const authenticate = createJwtAuthenticate({
    audience: "notes",
    issuer,
    keys: { secret },
    platform: { now: Date.now },
  });
  return authenticate(new Request("http://localhost/", { headers: { authorization: `Bearer ${token}` } }));
}

describe("icecore token", () => {
  it("prints a token that a server with the same secret takes, and nothing else.", async () => {
    const { code, stdout, stderr } = await cliHere(
      asked("--store", "family", "team-*", "--app", testApp(3), "--issuer", "me", "--minutes", "10"),
    );
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const claims = await read(stdout.trim(), "me");
    expect(claims).toMatchObject({
      sub: "anna",
      role: "writer",
      stores: ["family", "team-*"],
      app: testApp(3),
    });
    expect(Number(claims?.exp) - Number(claims?.iat)).toBe(600);
  });

  it("says in JSON until when it holds.", async () => {
    const { stdout } = await cliHere(asked("--json"));
    const { token, ...rest } = JSON.parse(stdout);
    expect(await read(token)).toMatchObject({ sub: "anna" });
    expect(rest).toMatchObject({ subject: "anna", role: "writer", stores: ["family"] });
    expect(Number(parseTimestamp(rest.expiresAt)) - Date.now()).toBeGreaterThan(3_500_000);
  });

  const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["no secret file", ["--secret-file", "/nowhere/secret.txt"], /no file.*openssl/s],
    ["a folder as secret file", ["--secret-file", "/"], /no file/],
    ["an unknown role", ["--role", "owner"], /reader, writer, admin/],
    [
      "a store that is none",
      ["--store", "../x"],
      /^error: --store is "\.\.\/x"\n {2}Give a store id, a prefix/,
    ],
    ["an app id that is none", ["--app", "x"], /^error: --app is "x"\n {2}Give an app id: a ULID/],
    ["no time", ["--minutes", "0"], /--minutes/],
    ["too long a time", ["--minutes", "1441"], /86460 seconds/],
    ["the audience of read passes", ["--audience", "icecore-read"], /audience/],
    ["an empty subject", ["--subject", ""], /subject is empty/],
  ];

  it.each(wrong)("refuses %s as wrong usage.", async (_, more, told) => {
    const { code, stdout, stderr } = await cliHere(asked(...more));
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(told);
  });

  it("refuses a secret that is too short or too long, and does not show it.", async () => {
    for (const text of ["hush hush", "hush ".repeat(2_000)]) {
      writeFileSync(file, text);
      const { code, stderr } = await cliHere(asked());
      expect(code).toBe(2);
      expect(stderr).not.toContain("hush");
    }
  });
});

const model = fileURLToPath(new URL("../fixtures/pairs-model.ts", import.meta.url));
const serving = (...more: readonly string[]) => [
  "serve",
  "--bucket",
  `folder:${join(folder, "bucket")}`,
  "--model",
  model,
  "--port",
  "0",
  ...more,
];

describe("icecore serve that asks for tokens", () => {
  const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["without an audience", ["--auth-secret-file", "FILE"], /No audience/],
    [
      "with two kinds of keys",
      ["--auth-secret-file", "FILE", "--auth-jwks", "https://a.example/", "--audience", "a"],
      /two ways/,
    ],
    ["and is open", ["--auth-secret-file", "FILE", "--audience", "a", "--open"], /--open/],
    ["of nobody", ["--audience", "a"], /nothing says how they are signed/],
    ["with keys over plain HTTP", ["--auth-jwks", "http://login.example.com/", "--audience", "a"], /HTTPS/],
    ["with a missing secret", ["--auth-secret-file", "/nowhere", "--audience", "a"], /no file/],
    ["from other machines, but asks for none", ["--host", "0.0.0.0"], /--auth-secret-file or --auth-jwks/],
  ];

  it.each(wrong)("is wrong usage %s.", async (_, more, told) => {
    const { code, stderr } = await cliHere(serving(...more.map((word) => (word === "FILE" ? file : word))));
    expect(code).toBe(2);
    expect(stderr).toMatch(told);
  });

  it("lets in who holds one, as far as it goes, under any name of the server.", async () => {
    const child = startCli(serving("--store", "family", "--auth-secret-file", file, "--audience", "notes"));
    let say: (url: string) => void = () => undefined;
    const begun = new Promise<string>((resolve) => {
      say = resolve;
    });
    const ended = finished(child, (text) => {
      const url = /(http:\/\/[^\s,"]+)/.exec(text)?.[1];
      if (url) say(url);
    });
    try {
      const url = await Promise.race([begun, ended.then(({ stderr }) => Promise.reject(new Error(stderr)))]);
      const tokenOf = async (...more: readonly string[]) => (await cliHere(asked(...more))).stdout.trim();
      const writer = await tokenOf();
      const reader = await tokenOf("--role", "reader");
      const others = await tokenOf("--store", "work");
      const admin = await tokenOf("--role", "admin", "--store", "family", "work");
      const call = (token: string | null, path: string, method = "GET", body?: string) =>
        callApi(url, path, {
          method,
          headers: {
            host: "notes.example.com",
            ...(token === null ? {} : { authorization: `Bearer ${token}` }),
            ...(body === undefined ? {} : { "content-type": "application/json" }),
          },
          ...(body === undefined ? {} : { body }),
        }).then(({ status }) => status);
      const head = "/v1/stores/family/head";
      const updates = "/v1/stores/family/updates";
      const body = (seq: number) => JSON.stringify(encodeUpdate(testUpdate(1, seq)));
      expect([await call(null, head), await call("x.y.z", head), await call(reader, head)]).toEqual([
        401, 401, 200,
      ]);
      expect([
        await call(reader, updates, "POST", body(1)),
        await call(writer, updates, "POST", body(1)),
      ]).toEqual([403, 200]);
      expect(await call(others, head)).toBe(403);
      // It serves the stores that it was given, whatever a token says.
      expect(await call(admin, "/v1/stores/work", "PUT")).toBe(403);
      expect(await call(null, "/healthz")).toBe(200);
    } finally {
      child.kill("SIGTERM");
      expect((await ended).code).toBe(0);
    }
  });
});
