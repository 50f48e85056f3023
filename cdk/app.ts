/**
 * The deployable app of this repository: `npm run cdk -- synth`, `npm run deploy`. The model is the todo example's unless `-c model=FILE` says
 * otherwise; `-c stage=prod` names another stack. Every synthesis is checked by cdk-nag, and a finding that nobody has given a reason for stops it.
 */
import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { parseAppContext } from "./app-context.ts";
import { createAppStack } from "./app-stack.ts";

const app = new App();
createAppStack(
  app,
  parseAppContext((name) => app.node.tryGetContext(name)),
);
Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { verbose: true }));
