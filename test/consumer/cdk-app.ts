/** A user's own CDK app: one stack with a store in it, and a role that may look into it. */
import { App, CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import { AccountRootPrincipal, Role } from "aws-cdk-lib/aws-iam";
import { Topic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { IcecoreStore, type IcecoreStoreProps } from "../../cdk/index.ts";

class NotesStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const settings: IcecoreStoreProps = {
      modelFile: "cdk-model.ts",
      directMode: true,
      corsOrigins: ["https://notes.example.com"],
      alarmTopic: new Topic(this, "Alarms"),
    };
    const store = new IcecoreStore(this, "Store", settings);
    const support = new Role(this, "Support", { assumedBy: new AccountRootPrincipal() });
    store.grantInspect(support);
    new CfnOutput(this, "NotesUrl", { value: store.url });
  }
}

const app = new App();
new NotesStack(app, "Notes");
