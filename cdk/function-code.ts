/** Code of the functions: bundled by esbuild in this process, with the user's model inside, into the folder that CDK takes assets from. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Stack, Stage } from "aws-cdk-lib";
import { Code } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { bundleLambda, type LambdaEntry } from "../lambdas/bundle.ts";
import { assert } from "../shared/errors.ts";

export interface FunctionCodeOptions {
  readonly entry: LambdaEntry;
  readonly modelFile: string;
  readonly authFile?: string;
}

/** Nothing is bundled for a stack that the CLI was not asked for: `cdk ls` and the deployment of a neighbour stay fast. */
export function createFunctionCode(scope: Construct, options: FunctionCodeOptions): Code {
  const { entry, modelFile, authFile } = options;
  const assets = Stage.of(scope)?.assetOutdir;
  assert(assets, "a construct stands in an app");
  const outFolder = join(assets, "icecore", scope.node.addr, entry);
  mkdirSync(outFolder, { recursive: true });
  if (Stack.of(scope).bundlingRequired)
    bundleLambda({
      entry,
      modelFile: resolve(modelFile),
      ...(authFile === undefined ? {} : { authFile: resolve(authFile) }),
      outFolder,
    });
  else writeFileSync(join(outFolder, "index.mjs"), "export {};\n");
  return Code.fromAsset(outFolder);
}
