/** The stack of the deployable app: one IcecoreStore, as the context says. */
import { type App, Stack } from "aws-cdk-lib";
import { Certificate } from "aws-cdk-lib/aws-certificatemanager";
import type { AppContext } from "./app-context.ts";
import { IcecoreStore } from "./icecore-store.ts";
import type { IcecoreStoreProps } from "./props.ts";

export interface AppStack {
  readonly stack: Stack;
  readonly store: IcecoreStore;
}

/** For whatever account and region it is deployed to: nothing is looked up, so it is synthesised without credentials. */
export function createAppStack(app: App, context: AppContext): AppStack {
  const stack = new Stack(app, `icecore-${context.stage}`, {
    description: `icecore: stores in a bucket (${context.stage})`,
    tags: { "icecore:stage": context.stage },
    // A stack with people's data goes only when somebody has said so twice.
    terminationProtection: context.stage === "prod",
  });
  return { stack, store: new IcecoreStore(stack, "Store", propsOf(stack, context)) };
}

function propsOf(stack: Stack, context: AppContext): IcecoreStoreProps {
  const { auth, audience, issuer, jwksUrl, secrets, domain, certificateArn } = context;
  return {
    modelFile: context.model,
    directMode: context.direct,
    hints: context.hints,
    corsOrigins: context.corsOrigins,
    ...(auth === undefined ? {} : { authFile: auth }),
    ...(audience === undefined ? {} : { audience }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(jwksUrl === undefined ? {} : { jwksUrl }),
    ...(secrets === undefined ? {} : { secretsEdition: secrets }),
    ...(domain === undefined ? {} : { domainName: domain }),
    ...(certificateArn === undefined
      ? {}
      : { certificate: Certificate.fromCertificateArn(stack, "Certificate", certificateArn) }),
  };
}
