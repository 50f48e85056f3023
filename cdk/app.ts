/**
 * The deployable app of this repository: `npm run cdk -- synth`, `npm run deploy`. The model is the todo example's unless `-c model=FILE` says
 * otherwise; `-c stage=prod` names another stack. Every synthesis is checked by cdk-nag, and a finding that nobody has given a reason for stops it.
 */
import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { StoreError } from "../shared/errors.ts";
import { parseAppContext } from "./app-context.ts";
import { createAppStack } from "./app-stack.ts";

const app = new App();
try {
  createAppStack(
    app,
    parseAppContext((name) => app.node.tryGetContext(name), Object.keys(app.node.getAllContext())),
  );
} catch (error) {
  // What somebody typed needs no stack: it says what is wrong, and how to say it right.
  if (!(error instanceof StoreError)) throw error;
  console.error(`error: ${error.message}`);
  process.exit(1);
}
Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { verbose: true }));
