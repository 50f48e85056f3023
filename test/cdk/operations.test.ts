/** What the documents for operators say is there: commands with their options, alarms, metrics, names of `-c`, times; and the program in them works. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { openBucket } from "../../bucket/url.ts";
import { contextNames } from "../../cdk/app-context.ts";
import { cdkSettings } from "../../cdk/settings.ts";
import { createStore, scanLog } from "../../shared/drive/store.ts";
import { createWriter } from "../../shared/drive/writer.ts";
import { newSettings } from "../../shared/settings.ts";
import type { Action } from "../../shared/wire/update.ts";
import { cliHere } from "../fixtures/cli-run.ts";
import { testStoreId, testUpdate } from "../fixtures/store-host.ts";
import { allProps, makeStore, maskedTemplate } from "./synthesise.ts";

const read = (name: string) => readFileSync(`docs/${name}.md`, "utf8");
const operations = read("operations");
const pages = ["operations", "deploy", "security", "cost"].map((name) => [name, read(name)] as const);

/** Every call of the command line in a page: the command and its options. */
function callsOf(text: string) {
  const joined = text.replaceAll("\\\n", " ");
  return [...joined.matchAll(/icecore -- ([a-z]+)([^\n`|>#;]*)/g)].map(([, command = "", rest = ""]) => ({
    command,
    options: [...rest.matchAll(/ (--[a-z-]+)/g)].map(([, option = ""]) => option),
  }));
}

describe("commands", () => {
  const calls = pages.flatMap(([name, text]) => callsOf(text).map((call) => ({ name, ...call })));

  test("There are some.", () => {
    expect(calls.length).toBeGreaterThan(14);
  });

  test("Each is one that there is, with options that it has.", async () => {
    const helps = new Map<string, string>();
    for (const { name, command, options } of calls) {
      const help = helps.get(command) ?? (await cliHere([command, "--help"])).stdout;
      helps.set(command, help);
      expect(help, `${name}: icecore ${command}`).toContain(`Usage: icecore ${command}`);
      for (const option of options)
        expect(help, `${name}: icecore ${command} ${option}`).toMatch(new RegExp(`${option}\\b`));
    }
  });

  test("What goes into a file or a program comes without npm's own words.", () => {
    for (const [name, text] of pages)
      for (const line of text.replaceAll("\\\n", " ").split("\n"))
        if (/npm run [^|>`]*icecore -- [^`]*(?<![2<-])[|>] *[a-z]/.test(line))
          expect(line, name).toContain("--silent");
  });

  test("Scripts of npm are those of package.json.", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
      scripts: Record<string, string>;
    };
    const named = pages.flatMap(([, text]) =>
      [...text.matchAll(/npm run (?:--silent )?([a-z:-]+)/g)].map(([, name = ""]) => name),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});

describe("what is deployed", () => {
  const { Resources } = maskedTemplate(makeStore(allProps()));

  test("Every alarm is in the table, and every one of the table is an alarm.", () => {
    const alarms = Object.entries(Resources)
      .filter(([, { Type }]) => Type === "AWS::CloudWatch::Alarm")
      .map(([id]) => /^Store(.*)Alarm[0-9A-F]{8}$/.exec(id)?.[1] ?? id);
    const table = operations.slice(
      operations.indexOf("| Alarm |"),
      operations.indexOf("Their ids in the stack"),
    );
    const named = [...table.matchAll(/^\| ([A-Z][A-Za-z, ]*) \|/gm)]
      .flatMap(([, names = ""]) => names.split(", "))
      .filter((name) => name !== "Alarm");
    expect(named.sort()).toEqual(alarms.sort());
  });

  test("Each function has a log whose id is as it is said there.", () => {
    const logs = Object.entries(Resources).filter(([, { Type }]) => Type === "AWS::Logs::LogGroup");
    const ids = logs.map(([id]) => id.slice(0, -8));
    for (const name of ["Api", "Rollup", "Sweep", "Credentials", "Listen"])
      expect(ids).toContain(`Store${name}Log`);
  });

  test("Old versions live as long as it is said there.", () => {
    expect(operations).toContain(
      `Old versions are kept for ${cdkSettings.oldVersionsDays} days, those of raw updates (\`updates/\`) for ${cdkSettings.oldUpdatesDays}`,
    );
  });

  test("Each name of -c is in the table, and no other.", () => {
    const text = read("deploy");
    const table = text.slice(text.indexOf("| `-c` |"), text.indexOf("## In a CDK app"));
    const named = [...table.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, cell = ""]) =>
      [...cell.matchAll(/`([A-Za-z]+)(?:=true)?`/g)].map(([, name = ""]) => name),
    );
    expect(named.sort()).toEqual([...contextNames].sort());
  });

  test("Secrets say what they are, so that they are found.", () => {
    const secrets = Object.values(Resources).filter(({ Type }) => Type === "AWS::SecretsManager::Secret");
    expect(secrets.map(({ Properties }) => Properties.Description)).toEqual([
      "icecore: signs users' tokens",
      "icecore: signs read passes",
    ]);
  });
});

describe("a person is forgotten", () => {
  const place = mkdtempSync(join(tmpdir(), "icecore-forget-"));
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  test("as it is described: the export without the person's updates is whole, and a new store is made of it.", async () => {
    const address = `folder:${join(place, "bucket")}`;
    const platform = createNodePlatform();
    const host = {
      bucket: await openBucket(address, platform),
      platform,
      settings: newSettings({ graceMs: 0 }),
    };
    const store = testStoreId("family");
    await createStore(host, store);
    const writer = createWriter(host, store);
    for (let seq = 1; seq <= 3; seq++)
      for (const [app, principal] of [
        [1, "anna"],
        [2, "bert"],
      ] as const)
        await writer.append({ ...testUpdate(app, seq), principal });
    // What another one wrote about her.
    const [about] = testUpdate(2, 4).actions;
    await writer.append({
      ...testUpdate(2, 4),
      actions: [...testUpdate(2, 5).actions, { ...(about as Action), data: { key: "k", value: "of anna" } }],
      principal: "bert",
    });
    // A rollup of the command line waits for its grace.
    await platform.wait(3_200);

    const rest = join(place, "rest.jsonl");
    const section = operations.slice(operations.indexOf("## Forget a person"));
    const commands = [...section.slice(0, section.indexOf("\n3. ")).matchAll(/npm run icecore -- ([^#\n]*)/g)]
      .map(([, words = ""]) => words.trim().replace('"$BUCKET"', address).replace("rest.jsonl", rest))
      .map((words) => words.replace("model.ts", "test/fixtures/pairs-model.ts").split(/ +/));
    expect(commands.map(([command]) => command)).toEqual(["rollup", "export", "import", "rollup", "verify"]);
    const cli = async (args: readonly string[]) => {
      const { code, stderr } = await cliHere(args);
      expect(code, stderr).toBe(0);
    };
    const [publish, leaveOut, ...others] = commands;
    await cli(publish ?? []);
    await cli(leaveOut ?? []);
    // `grep anna rest.jsonl` shows her name in one action.
    const naming = readFileSync(rest, "utf8")
      .split("\n")
      .filter((line) => line.includes("anna"));
    expect(naming).toHaveLength(1);
    expect(naming[0]).toContain(String(about?.id));
    await cli([...(leaveOut ?? []), "--without-action", String(about?.id)]);
    expect(readFileSync(rest, "utf8")).not.toContain("anna");
    for (const args of others) {
      if (args[0] === "rollup") await platform.wait(3_200);
      await cli(args);
    }
    const principals: unknown[] = [];
    await scanLog(host, {
      store: testStoreId("family-2"),
      onRange: ({ updates }) => void principals.push(...updates.map(({ principal }) => principal)),
    });
    expect(principals).toEqual(["bert", "bert", "bert", "bert"]);
  });
});
