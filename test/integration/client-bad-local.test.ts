/** A client's own folder that is full, read-only, damaged, of a newer release or in use: it says so, sends nothing unsaved, and loses nothing. */
import { execFileSync } from "node:child_process";
import { readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { folderLocal } from "../../client/node/folder.ts";
import { withRows } from "../../test-kit/local-contract-parts.ts";
import { atRest, type BadWorld, createBadWorld, put, troubled } from "../fixtures/bad-world.ts";
import { mountSmallDisk } from "../fixtures/small-disk.ts";

let world: BadWorld;
beforeEach(async () => {
  world = await createBadWorld();
});
afterEach(() => world.close());

/** A client that has one action in the log and one that is not sent yet, closed. */
async function workedOnce(folder = "mine"): Promise<void> {
  const client = world.client({ folder });
  client.do.put(put("before"));
  await world.settle(client);
  world.front.decide(() => "reset");
  await client.do.put(put("unsent")).savedLocally;
  await client.close();
  world.front.decide(() => "pass");
}

const journalOf = (folder: string) => join(world.root, folder, "main", "journal");
const rewritten = (text: string) => {
  const body = text.slice(0, text.lastIndexOf(',"crc"'));
  return `${body},"crc":"${crc32(body).toString(16).padStart(8, "0")}"}`;
};

/** Changes the lines of a journal; checksums are made right again unless they are what is wrong. */
function editJournal(folder: string, edit: (line: string, i: number) => string, honest = true): void {
  const lines = readFileSync(journalOf(folder), "utf8").split("\n").slice(0, -1);
  const edited = lines.map((line, i) => {
    const next = edit(line, i);
    return next === line || !honest ? next : rewritten(next);
  });
  writeFileSync(journalOf(folder), `${edited.join("\n")}\n`);
}

describe("A client whose local folder cannot be read", () => {
  const cases: readonly (readonly [string, () => void, string, RegExp, RegExp])[] = [
    [
      "has a damaged line",
      () => editJournal("mine", (line, i) => (i === 2 ? line.replace("format", "farmat") : line), false),
      "corrupt",
      /Line 3 of .* is damaged/,
      /Put the folder back from a backup, or move it away/,
    ],
    [
      "lost a line in the middle",
      () => editJournal("mine", (line, i) => (i === 2 ? "" : line), false),
      "corrupt",
      /Line 3 of .* is damaged/,
      /Put the folder back/,
    ],
    [
      "is of a newer release",
      () => editJournal("mine", (line) => line.replace("icecore-folder-1", "icecore-folder-9")),
      "upgrade",
      /has the format "icecore-folder-9"/,
      /upgrade this app/,
    ],
    [
      "holds rows of a newer release",
      () => editJournal("mine", (line) => line.replaceAll("icecore-local-1", "icecore-local-9")),
      "upgrade",
      /Row ".*" of the local storage .* format is "icecore-local-9"/,
      /upgrade this app/,
    ],
    [
      "holds a row that is none",
      () => editJournal("mine", (line) => line.replaceAll('\\"nextSeq\\":', '\\"nextSock\\":')),
      "corrupt",
      /Row "app" of the local storage .* nextSeq/,
      /Take a copy of the storage/,
    ],
  ];

  // Needs client/engine.ts to note why local data could not be loaded.
  it.each(cases)("says in its status what is wrong where it %s", async (_, spoil, phase, what, fix) => {
    await workedOnce();
    spoil();
    const client = world.client({ folder: "mine" });
    await client.loaded.catch(() => undefined);
    expect(client.sync.status).toMatchObject(troubled(phase, 0, what, fix));
  });

  it.each(cases)(
    "changes nothing, sends nothing and tells who asks where it %s, and all is there once it is put right",
    async (_, spoil, _phase, what, fix) => {
      await workedOnce();
      const good = readFileSync(journalOf("mine"));
      spoil();
      const bad = readFileSync(journalOf("mine"));
      const sent = world.sent().length;
      const client = world.client({ folder: "mine" });
      const error = expect.objectContaining({
        what: expect.stringMatching(what),
        fix: expect.stringMatching(fix),
      });
      await expect(client.loaded).rejects.toEqual(error);
      await expect(client.sync.now()).rejects.toEqual(error);
      client.do.put(put("meanwhile"));
      expect(client.state.pairs.get("meanwhile")).toEqual({ value: "meanwhile" });
      await client.close();
      expect(readFileSync(journalOf("mine")).equals(bad)).toBe(true);
      expect(world.sent()).toHaveLength(sent);
      writeFileSync(journalOf("mine"), good);
      const again = world.client({ folder: "mine" });
      await again.loaded;
      expect([...again.state.pairs.keys()]).toEqual(["before", "unsent"]);
      await world.settle(again);
      expect(again.sync.status).toMatchObject(atRest);
      expect(await world.logged()).toEqual(["before", "unsent"]);
    },
  );

  // Needs client/engine.ts to reject what can never be saved, as handles promise.
  it("tells the handles of what was made meanwhile that it is not saved", async () => {
    await workedOnce();
    editJournal("mine", (line) => line.replace("icecore-folder-1", "icecore-folder-9"));
    const client = world.client({ folder: "mine" });
    const { savedLocally } = client.do.put(put("meanwhile"));
    await client.loaded.catch(() => undefined);
    await expect(
      Promise.race([savedLocally, client.close().then(() => "nothing said")]),
    ).rejects.toMatchObject({
      kind: "incompatible",
    });
  });

  it("begins afresh from the remote where the damaged folder was moved away, as its error says", async () => {
    await workedOnce();
    editJournal("mine", (line, i) => (i === 2 ? line.replace("format", "farmat") : line), false);
    const client = world.client({ folder: "mine" });
    await expect(client.loaded).rejects.toMatchObject({ kind: "corrupt" });
    await client.close();
    renameSync(join(world.root, "mine"), join(world.root, "moved away"));
    const again = world.client({ folder: "mine" });
    again.do.put(put("after"));
    await world.settle(again);
    expect(again.sync.status).toMatchObject({ ...atRest, cloned: false });
    expect([...again.confirmedState.pairs.keys()]).toEqual(["after", "before"]);
    expect(await world.logged()).toEqual(["before", "after"]);
  });

  it("cuts off what was being written at a power cut, and goes on", async () => {
    await workedOnce();
    const good = readFileSync(journalOf("mine"), "utf8");
    writeFileSync(journalOf("mine"), `${good}{"n":99,"put":[["action/`);
    const again = world.client({ folder: "mine" });
    await again.loaded;
    expect([...again.state.pairs.keys()]).toEqual(["before", "unsent"]);
    await world.settle(again);
    expect(again.sync.status).toMatchObject(atRest);
    expect(await world.logged()).toEqual(["before", "unsent"]);
  });

  it("refuses a folder that is in use, and leaves it to its first holder", async () => {
    const first = world.client({ folder: "mine" });
    first.do.put(put("first"));
    await first.loaded;
    const second = world.client({ folder: "mine" });
    await expect(second.loaded).rejects.toMatchObject({
      kind: "conflict",
      what: expect.stringMatching(/Store "main" is open in this process/),
      fix: expect.stringMatching(/Close it first/),
    });
    await second.close();
    await world.settle(first);
    expect(first.sync.status).toMatchObject(atRest);
    expect(await world.logged()).toEqual(["first"]);
  });

  it("says what happened where its folder is removed while it runs, and keeps what it had in memory", async () => {
    const client = world.client({ folder: "mine" });
    client.do.put(put("before"));
    await world.settle(client);
    rmSync(join(world.root, "mine"), { recursive: true });
    const { savedLocally } = client.do.put(put("after"));
    await expect(savedLocally).rejects.toMatchObject({ kind: "unavailable" });
    await expect(client.sync.now()).rejects.toMatchObject({ kind: "unavailable" });
    expect(client.sync.status).toMatchObject(troubled("offline", 1, /folder was removed/, /open it again/));
    expect([...client.state.pairs.keys()]).toEqual(["after", "before"]);
    // Nothing goes out before it is saved.
    expect(await world.logged()).toEqual(["before"]);
  });
});

const disk = mountSmallDisk();
const title = "A client whose disk";

if (!disk.path)
  describe.skip(`${title} [needs root] (not run: ${disk.reason})`, () => it("needs a small disk", () => {}));
else describeDisk(disk.path);

function describeDisk(path: string): void {
  describe(title, () => {
    const ballast = join(path, "ballast");
    const open = () => world.client({ local: folderLocal(join(path, "mine")) });
    afterEach(() => {
      execFileSync("mount", ["-o", "remount,rw", path]);
      rmSync(ballast, { force: true });
    });
    afterAll(() => {
      execFileSync("umount", [path]);
      rmdirSync(path);
    });

    it("is full says so, sends nothing that is not saved, and goes on by itself once there is space", async () => {
      const client = open();
      await client.sync.now();
      writeFileSync(ballast, "b".repeat(200_000));
      const saved: string[] = [];
      let failed: unknown;
      for (let i = 0; failed === undefined && i < 60; i++)
        await client.do.put(put(`k${i}`, "x".repeat(3_000))).savedLocally.then(
          () => saved.push(`k${i}`),
          (error) => {
            failed = error;
          },
        );
      expect(failed).toMatchObject({ kind: "limit" });
      expect(saved.length).toBeGreaterThan(2);
      const made = [...saved, `k${saved.length}`];
      expect(client.sync.status).toMatchObject({
        pending: made.length,
        error: expect.objectContaining({
          what: expect.stringMatching(/disk is full/),
          fix: expect.stringMatching(/Free some space/),
        }),
      });
      await expect(client.sync.now()).rejects.toMatchObject({ kind: "limit" });
      expect(client.sync.status).toMatchObject(
        troubled("offline", made.length, /disk is full/, /Free some space/),
      );
      expect(world.sent()).toEqual([]);
      expect(client.state.pairs.size).toBe(made.length);
      rmSync(ballast);
      await world.settle(client);
      expect(client.sync.status).toMatchObject(atRest);
      expect(await world.logged()).toEqual(made);
      await client.close();
      expect(
        await withRows(folderLocal(join(path, "mine")), "main", async (rows) =>
          [...(await rows.load()).keys()].filter((key) => /^(action|update)/.test(key)),
        ),
      ).toEqual([]);
      rmSync(join(path, "mine"), { recursive: true });
    });

    it("becomes read-only says so, sends nothing that is not saved, and goes on once it can be written", async () => {
      const client = open();
      client.do.put(put("before"));
      await world.settle(client);
      await client.close();
      execFileSync("mount", ["-o", "remount,ro", path]);
      const blocked = open();
      await expect(blocked.loaded).rejects.toMatchObject({
        kind: "unauthorized",
        what: expect.stringMatching(/the file system is read-only/),
        fix: expect.stringMatching(/Mount it writable/),
      });
      await expect(blocked.sync.now()).rejects.toMatchObject({ kind: "unauthorized" });
      await blocked.close();
      execFileSync("mount", ["-o", "remount,rw", path]);
      const again = open();
      again.do.put(put("after"));
      await world.settle(again);
      expect(again.sync.status).toMatchObject(atRest);
      expect(await world.logged()).toEqual(["before", "after"]);
      rmSync(ballast, { force: true });
    });
  });
}
