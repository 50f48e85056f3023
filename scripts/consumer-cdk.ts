/**
 * `npm run test:consumer-cdk`: stores in a user's own CDK app, made from the packed package in an empty folder.
 *
 * 1. The packed file is installed with what a CDK app needs, into an empty folder.
 * 2. The app's own stack and model (test/consumer) are compiled there, and synthesised by the installed CDK.
 * 3. The rollup, as it was bundled for AWS, is called with what S3 tells through SQS: first without its environment, then against a real
 *    S3 server, where a client's update goes in and comes back published.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { buildAndPack } from "./consumer/build.ts";
import { createChecks } from "./consumer/checks.ts";
import { install } from "./consumer/install.ts";
import { run, runForJson, start } from "./consumer/programs.ts";
import { asApp } from "./consumer/readme.ts";
import { compile } from "./consumer/subpaths.ts";
import { readManifest, root, subpathsOf } from "./manifest.ts";

const manifest = readManifest();
/** For the stack, for bundling, and what is bundled into the functions. */
const beside = [
  "aws-cdk",
  "aws-cdk-lib",
  "constructs",
  "esbuild",
  "@types/node",
  "@aws-lambda-powertools/logger",
  "@aws-lambda-powertools/metrics",
  "@aws-sdk/client-s3",
  "@aws-sdk/client-secrets-manager",
  "@aws-sdk/client-sts",
  "hono",
  "jose",
  "zod",
];
const files = ["test/consumer/cdk-app.ts", "test/consumer/cdk-model.ts", "test/consumer/cdk-rollup.ts"];

interface Template {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Metadata?: Readonly<Record<string, string>> }>
  >;
}

const temp = mkdtempSync(join(tmpdir(), "icecore-consumer-cdk-"));
const checks = createChecks(process.env, console.log);
try {
  await checkAll();
} finally {
  rmSync(temp, { recursive: true, force: true });
}
process.exitCode = checks.close();

async function checkAll(): Promise<void> {
  const { check } = checks;
  mkdirSync(join(temp, "packed"));
  const packed = await check("The sources compile.", () => buildAndPack(join(temp, "packed"), manifest));
  if (packed === undefined) return;
  const installed = await check("An empty folder installs the packed file and what a CDK app needs.", () =>
    install(join(temp, "app"), { manifest, packed, beside }),
  );
  if (installed === undefined) return;
  const { folder } = installed;
  const compiled = await check("The app's own stack, model and programs type-check.", () =>
    compileApp(folder),
  );
  if (compiled === undefined) return;
  const template = await check("The installed CDK synthesises the stack, without credentials.", () =>
    synthesise(folder),
  );
  if (template === undefined) return;
  await check("The stack holds the store: bucket, queue, four functions, CloudFront.", () =>
    checkTemplate(template),
  );
  const bundle = await check("The rollup's bundle is one file beside its source map.", () =>
    bundleOf(folder, template),
  );
  if (bundle !== undefined) await checkRollup(folder, bundle);
  const { packages, bytes } = installed;
  console.log(`\nthe CDK app installs ${packages} packages, ${(bytes / 1e6).toFixed(1)} MB`);
}

async function compileApp(folder: string): Promise<true> {
  const sources = new Map(subpathsOf(manifest).map(({ name, source }) => [source, name]));
  for (const file of files)
    writeFileSync(join(folder, basename(file)), asApp(readFileSync(join(root, file), "utf8"), sources));
  // As `cdk init` sets it: the declarations of aws-cdk-lib are another's, and do not hold under exactOptionalPropertyTypes.
  const options = {
    rewriteRelativeImportExtensions: true,
    outDir: "out",
    rootDir: ".",
    types: ["node"],
    skipLibCheck: true,
    exactOptionalPropertyTypes: false,
  };
  const names = files.map((file) => basename(file));
  expectSame(await compile(folder, options, names), []);
  return true;
}

async function synthesise(folder: string): Promise<Template> {
  const cdk = join(folder, "node_modules/.bin/cdk");
  const { code, all } = await run(
    folder,
    cdk,
    "--app",
    "node out/cdk-app.js",
    "synth",
    "--quiet",
    "--no-notices",
  );
  expectSame(code, 0, all);
  return JSON.parse(readFileSync(join(folder, "cdk.out/Notes.template.json"), "utf8")) as Template;
}

function checkTemplate({ Resources }: Template): void {
  const count = (type: string) => Object.values(Resources).filter(({ Type }) => Type === type).length;
  expectSame(
    ["AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::Lambda::Function", "AWS::CloudFront::Distribution"].map(
      count,
    ),
    [1, 3, 4, 1],
  );
}

function bundleOf(folder: string, { Resources }: Template): string {
  const [, rollup] =
    Object.entries(Resources).find(
      ([id, { Type }]) => Type === "AWS::Lambda::Function" && id.startsWith("StoreRollup"),
    ) ?? [];
  const bundle = join(folder, "cdk.out", rollup?.Metadata?.["aws:asset:path"] ?? "none", "index.mjs");
  const text = readFileSync(bundle, "utf8");
  readFileSync(`${bundle}.map`);
  expectSame(text.includes("addNote"), true, "the app's own model is inside");
  expectSame(text.includes("aws-cdk-lib"), false, "CDK is not");
  return bundle;
}

async function checkRollup(folder: string, bundle: string): Promise<void> {
  const call = (...words: string[]) =>
    runForJson(folder, process.execPath, "out/cdk-rollup.js", bundle, ...words);
  await checks.check("Without its environment the rollup says which variable is missing.", async () => {
    const { error } = (await call()) as { readonly error?: string };
    expectSame(/ICECORE_BUCKET/.test(error ?? ""), true, `it said ${error}`);
  });
  const title =
    "Against a real S3 server the rollup publishes an update that S3 told of through SQS. [needs s3]";
  const server = start(root, join(root, "node_modules/.bin/tsx"), "test/ceph/main.ts", "--json");
  try {
    const [text] = await server.printed(/^\{.*\}$/m);
    const { buckets, accessKeyId, secretAccessKey } = JSON.parse(text) as {
      readonly buckets: { readonly plain: string };
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
    };
    // As Lambda does: the functions' credentials stand in the environment.
    process.env.AWS_ACCESS_KEY_ID = accessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = secretAccessKey;
    process.env.AWS_REGION = "eu-central-1";
    await checks.check(title, async () => {
      const wanted = { written: 1, failures: 0, left: 0, notes: [{ id: "n1", text: "Milk" }] };
      expectSame(await call(buckets.plain), wanted);
    });
  } catch (error) {
    if (!String(error).includes("This machine has no Ceph")) throw error;
    checks.skip(title);
  } finally {
    await server.stop();
  }
}

function expectSame(got: unknown, wanted: unknown, about = ""): void {
  if (isDeepStrictEqual(got, wanted)) return;
  throw new Error(
    `${about === "" ? "" : `${about}: `}got ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}`,
  );
}
