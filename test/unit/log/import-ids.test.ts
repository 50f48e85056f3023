import fc from "fast-check";
import { expect, test } from "vitest";
import { standInApp, standInUpdate } from "../../../shared/log/import-ids.ts";
import { createdAt, isUlid, type UpdateId } from "../../../shared/wire/ids.ts";
import { appIds } from "../wire/arbitrary.ts";
import { sha256 } from "./exports.ts";

const epochs = fc.string({ minLength: 1, maxLength: 16 });

test("A stand-in's ids are ULIDs with the time of the old ones, the same each time they are made.", () => {
  fc.assert(
    fc.property(epochs, appIds, appIds, (epoch, app, other) => {
      const update = other as string as UpdateId;
      const standIn = standInApp(epoch, app, sha256);
      const id = standInUpdate(standIn, update, sha256);
      expect([isUlid(standIn), isUlid(id)]).toEqual([true, true]);
      expect([createdAt(standIn), createdAt(id)]).toEqual([createdAt(app), createdAt(update)]);
      expect([standIn, id]).toEqual([standInApp(epoch, app, sha256), standInUpdate(standIn, update, sha256)]);
    }),
  );
});

test("Another target, another app or another update gives another id, and none is the old one.", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(epochs, { minLength: 2, maxLength: 2 }),
      appIds,
      ([one = "", two = ""], app) => {
        const standIns = [standInApp(one, app, sha256), standInApp(two, app, sha256)] as const;
        const update = app as string as UpdateId;
        const ids = standIns.map((standIn) => standInUpdate(standIn, update, sha256));
        expect(new Set([app, ...standIns, ...ids]).size).toBe(5);
      },
    ),
  );
});

test("The random part is Crockford's base 32 of the hash's first sixteen bytes, five bits each.", () => {
  const app = "01J0000000AAAAAAAAAAAAAAAA" as Parameters<typeof standInApp>[1];
  expect(standInApp("epoch", app, () => "000102031f202122ff9f".padEnd(64, "0"))).toBe(
    "01J00000000123Z012ZZ000000",
  );
});
