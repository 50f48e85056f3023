/** Foreign, damaged and hostile bodies: every parser answers with a value or a reason, and never throws. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../shared/json.ts";
import { goldens } from "../../golden/values.ts";
import { anything, tampered } from "./arbitrary.ts";

describe.each(goldens)("The parser of $name", ({ encoded, parse }) => {
  const expectSafe = (body: unknown) => {
    const parsed = parse(body);
    if (!parsed.ok) expect(parsed.reason).toMatch(/\S/);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  };

  test("gives a reason for anything that is no such body.", () => {
    fc.assert(
      fc.property(anything, (body) => {
        expectSafe(body);
        expect(parse(body).ok).toBe(false);
      }),
    );
  });

  test("survives any one member dropped or replaced, by deep nesting and __proto__ keys too.", () => {
    fc.assert(fc.property(tampered(encoded as JsonObject), expectSafe), { numRuns: 400 });
  });

  test("does not take members from a __proto__ that came with the body.", () => {
    expect(parse(JSON.parse(`{"__proto__":${JSON.stringify(encoded)}}`)).ok).toBe(false);
  });

  test("names what is missing when a member is gone.", () => {
    for (const member of Object.keys(encoded as JsonObject)) {
      const { [member]: _, ...rest } = encoded as JsonObject;
      const parsed = parse(rest);
      if (!parsed.ok) expect(parsed.reason).toContain("missing");
    }
  });

  test("shows at most a few characters of what it refuses, so that no content leaks into errors.", () => {
    const secret = "s3cr3t-".repeat(50);
    for (const member of Object.keys(encoded as JsonObject)) {
      const parsed = parse({ ...(encoded as JsonObject), [member]: secret });
      if (!parsed.ok) expect(parsed.reason.length).toBeLessThan(200);
    }
  });
});
