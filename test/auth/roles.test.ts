/** Roles by claims: what each allows, and that whatever is malformed allows nothing. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Intent } from "../../server/auth.ts";
import { authorizeByRole } from "../../server/roles.ts";
import { testStoreId } from "../fixtures/store-host.ts";

const intents: readonly Intent[] = ["read", "write", "create", "admin"];
const allowed = (claims: Readonly<Record<string, unknown>> | null, store = "family") =>
  intents.filter((intent) => authorizeByRole({ claims, storeId: testStoreId(store), intent }) === true);

describe("authorizeByRole", () => {
  it("lets a reader read, a writer write too, and an admin make stores too.", () => {
    expect(allowed({ role: "reader", stores: ["family"] })).toEqual(["read"]);
    expect(allowed({ role: "writer", stores: ["family"] })).toEqual(["read", "write"]);
    expect(allowed({ role: "admin", stores: ["family"] })).toEqual(intents);
  });

  it("takes stores by id, by prefix, and all of them by a star.", () => {
    const may = (stores: unknown, store: string) => allowed({ role: "reader", stores }, store).length === 1;
    expect(may(["family", "work"], "work")).toBe(true);
    expect(may(["family"], "family2")).toBe(false);
    expect(may(["team-*"], "team-a")).toBe(true);
    expect(may(["team-*"], "team-")).toBe(true);
    expect(may(["team-*"], "teams")).toBe(false);
    expect(may(["*"], "any-store")).toBe(true);
    expect(
      may(
        Array.from({ length: 100 }, (_, i) => `s${i}`),
        "s99",
      ),
    ).toBe(true);
  });

  it("lets nobody in without claims, a role or stores, and for no member that every object has.", () => {
    expect(allowed(null)).toEqual([]);
    const wrong: readonly unknown[] = [
      undefined,
      null,
      "",
      "Admin",
      "owner",
      "constructor",
      "__proto__",
      ["admin"],
      1,
      {},
    ];
    for (const role of wrong) expect(allowed({ role, stores: ["*"] })).toEqual([]);
    const lists: readonly unknown[] = [
      undefined,
      null,
      "*",
      {},
      [],
      [""],
      ["**"],
      ["a*b"],
      ["*a"],
      ["../x"],
      ["Family"],
      ["*", 7],
      ["*", "../x"],
      ["-*"],
      Array.from({ length: 101 }, () => "*"),
    ];
    for (const stores of lists) expect(allowed({ role: "admin", stores })).toEqual([]);
    expect(allowed(JSON.parse('{"__proto__":{"role":"admin","stores":["*"]}}'))).toEqual([]);
  });

  it("never throws, and allows nothing that a stricter role would not be refused, whatever the claims are.", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom("role", "stores", "sub", "__proto__"), fc.anything()),
        (claims) => {
          expect(allowed(claims).length === 0 || Array.isArray(claims.stores)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
