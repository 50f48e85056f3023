/** The deployable app: what -c may say, and that a clean clone synthesises without an account, without Docker and without the net. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAppContext } from "../../cdk/app-context.ts";
import { createAppStack } from "../../cdk/app-stack.ts";
import { StoreError } from "../../shared/errors.ts";
import { appFlags } from "./synthesise.ts";

const contextOf = (given: Readonly<Record<string, unknown>>) => parseAppContext((name) => given[name]);

describe("the context", () => {
  test("Nothing needs to be said.", () => {
    expect(contextOf({})).toEqual({
      stage: "dev",
      model: "examples/todo/model.ts",
      auth: undefined,
      audience: undefined,
      issuer: undefined,
      jwksUrl: undefined,
      domain: undefined,
      certificateArn: undefined,
      corsOrigins: [],
      direct: false,
      hints: false,
    });
  });

  test("What the command line says as texts is read as what it means.", () => {
    expect(
      contextOf({
        stage: "prod",
        direct: "true",
        hints: "false",
        corsOrigins: "https://a.example,https://b.example",
      }),
    ).toMatchObject({
      stage: "prod",
      direct: true,
      hints: false,
      corsOrigins: ["https://a.example", "https://b.example"],
    });
  });

  test("All faults are told at once, with what to type.", () => {
    const parse = () => contextOf({ stage: "Prod!", direct: "yes", issuer: 5 });
    expect(parse).toThrow(StoreError);
    for (const part of [
      /stage must/,
      /direct is neither/,
      /issuer is no text/,
      /npm run cdk -- synth -c stage=prod/,
    ])
      expect(parse).toThrow(part);
  });
});

describe("the stack", () => {
  const stackOf = (given: Readonly<Record<string, unknown>>) =>
    createAppStack(new App({ context: { ...appFlags, "aws:cdk:bundling-stacks": [] } }), contextOf(given))
      .stack;

  test("Each stage is a stack of its own; that of prod is protected from being deleted.", () => {
    expect(stackOf({ stage: "test" })).toMatchObject({
      stackName: "icecore-test",
      terminationProtection: false,
    });
    expect(stackOf({ stage: "prod" })).toMatchObject({
      stackName: "icecore-prod",
      terminationProtection: true,
    });
  });

  test("Props arrive where they are meant for.", () => {
    const stack = stackOf({
      jwksUrl: "https://idp.example.com/keys",
      audience: "notes",
      issuer: "https://idp.example.com",
      domain: "store.example.com",
      certificateArn: "arn:aws:acm:us-east-1:111122223333:certificate/0",
      corsOrigins: "https://app.example.com",
      direct: true,
      hints: true,
    });
    const template = Template.fromStack(stack);
    template.resourceCountIs("AWS::AppSync::Api", 1);
    template.resourceCountIs("AWS::Lambda::Function", 5);
    template.hasResourceProperties("AWS::CloudFront::Distribution", {
      DistributionConfig: { Aliases: ["store.example.com"] },
    });
  });
});

describe("npm run cdk -- synth", () => {
  let place: string;
  beforeAll(() => {
    place = mkdtempSync(join(tmpdir(), "icecore-synth-"));
  });
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  /** Only Node and a shell can be found; no credentials, no files of a home, and the net leads nowhere. */
  function bareEnvironment(): NodeJS.ProcessEnv {
    const bin = join(place, "bin");
    mkdirSync(bin, { recursive: true });
    for (const [name, path] of [
      ["node", process.execPath],
      ["sh", "/bin/sh"],
    ] as const)
      if (!existsSync(join(bin, name))) symlinkSync(path, join(bin, name));
    return {
      PATH: `${join(process.cwd(), "node_modules/.bin")}:${bin}`,
      HOME: join(place, "home"),
      TMPDIR: place,
      AWS_EC2_METADATA_DISABLED: "true",
      HTTPS_PROXY: "http://127.0.0.1:9",
      HTTP_PROXY: "http://127.0.0.1:9",
      CI: "true",
    };
  }

  function synth(...words: readonly string[]) {
    const out = join(place, "out");
    rmSync(out, { recursive: true, force: true });
    const program = ["--app", "tsx cdk/app.ts", "--output", out, "synth", "--quiet", ...words];
    const ran = spawnSync(process.execPath, ["node_modules/aws-cdk/bin/cdk", ...program], {
      env: bareEnvironment(),
      encoding: "utf8",
      timeout: 280_000,
    });
    return { ...ran, out, said: `${ran.stdout}${ran.stderr}` };
  }

  test("It makes the template and the bundled functions, with no word to an account.", {
    timeout: 300_000,
  }, () => {
    const { status, said, out } = synth("-c", "stage=test", "-c", "direct=true");
    expect(status, said).toBe(0);
    expect(said).not.toMatch(/error|warning|docker/i);
    const template = JSON.parse(readFileSync(join(out, "icecore-test.template.json"), "utf8")) as {
      readonly Resources: Readonly<Record<string, { readonly Type: string }>>;
    };
    expect(
      Object.values(template.Resources).filter(({ Type }) => Type === "AWS::Lambda::Function"),
    ).toHaveLength(4);
    const bundles = readdirSync(out).filter((name) => name.startsWith("asset."));
    expect(bundles).toHaveLength(4);
    for (const bundle of bundles)
      expect(readFileSync(join(out, bundle, "index.mjs"), "utf8")).toMatch(/export\s*\{[^}]*\bhandler\b/);
  });

  test("A model file that is missing is told by its path.", { timeout: 300_000 }, () => {
    const { status, said } = synth("-c", "model=nowhere/model.ts");
    expect(status).not.toBe(0);
    expect(said).toMatch(/no model file .*nowhere\/model\.ts/);
  });
});
