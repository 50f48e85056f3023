/** A part of the matrix of `npm run test:auth`, which runs it whole; and servers with a hole each, which it has to find. */
import { describe, expect, it } from "vitest";
import { createMemoryBucket } from "../../bucket/memory.ts";
import type { AppOptions } from "../../server/app.ts";
import { openToAll } from "../../server/auth.ts";
import { createJwtAuthenticate } from "../../server/jwt/authenticate.ts";
import { openApiDocument } from "../../server/openapi.ts";
import { type MatrixReport, matrixSecret, runMatrix } from "./matrix.ts";
import { operationCases, operationsOf } from "./operations.ts";
import { issuer } from "./token-faults.ts";

const operations = ["sendUpdate", "createStore", "readHead"];
const wrongOf = ({ cells, after }: MatrixReport) => [
  ...cells.filter(({ wrong }) => wrong.length > 0),
  ...after.filter(({ wrong }) => wrong.length > 0),
];

describe("The matrix of auth", () => {
  it.each(["secret", "jwks"] as const)(
    "holds for writing, creating and reading with tokens by %s.",
    async (keys) => {
      const report = await runMatrix({ keys, bucket: createMemoryBucket(), operations });
      expect(wrongOf(report)).toEqual([]);
      expect(report.cells.length).toBeGreaterThan(700);
    },
  );

  it("has a case for each operation of the document, and for no other.", () => {
    const documented = operationsOf(openApiDocument).map(({ id }) => id);
    expect(Object.keys(operationCases).sort()).toEqual([...documented].sort());
  });

  const jwt = { audience: "notes", issuer, keys: { secret: matrixSecret }, platform: { now: Date.now } };
  const holes: readonly (readonly [string, Partial<AppOptions>, string])[] = [
    ["lets every token do everything", { authorize: openToAll }, "token for another store"],
    ["asks nobody whose app id it is", { appOwners: "off" }, "app id of somebody else"],
    [
      "takes tokens of any issuer",
      { authenticate: createJwtAuthenticate({ ...jwt, issuer: undefined }) },
      "wrong issuer",
    ],
    [
      "lets tokens last long",
      { authenticate: createJwtAuthenticate({ ...jwt, lifeSecondsMax: 1e9 }) },
      "life too long",
    ],
    [
      "takes ended tokens",
      { authenticate: createJwtAuthenticate({ ...jwt, clockToleranceSeconds: 300 }) },
      "expired",
    ],
  ];

  it.each(holes)("finds a server that %s.", async (_, server, fault) => {
    const report = await runMatrix({
      keys: "secret",
      bucket: createMemoryBucket(),
      operations: ["sendUpdate"],
      server,
    });
    const wrong = report.cells.filter((cell) => cell.wrong.length > 0);
    expect(wrong.map((cell) => cell.fault)).toContain(fault);
    expect(wrong.every((cell) => ["reader", "writer", "admin", "owner", "no role"].includes(cell.role))).toBe(
      true,
    );
  });
});
