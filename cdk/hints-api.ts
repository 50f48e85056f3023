/**
 * Wake-up hints: an AppSync Events API to which the API function alone publishes (IAM), and to whose channels those listen who may read the
 * store: AppSync asks a function that runs the app's own `authenticate` and `authorize`. What it answers is not kept, as AppSync would keep
 * it by the token, whatever the channel. A hint has no content (docs/hints.md).
 */
import { Duration, Names } from "aws-cdk-lib";
import { AppSyncAuthorizationType, EventApi } from "aws-cdk-lib/aws-appsync";
import { hintNamespace } from "../shared/wire/hint-channel.ts";
import type { StoreFunction } from "./store-functions.ts";
import type { StoreParts } from "./store-parts.ts";

export function createHintsApi(
  { scope }: StoreParts,
  { api, listen }: { readonly api: StoreFunction; readonly listen: StoreFunction },
): EventApi {
  const { IAM, LAMBDA } = AppSyncAuthorizationType;
  const hints = new EventApi(scope, "Hints", {
    apiName: Names.uniqueResourceName(scope, { maxLength: 50, separator: "-" }),
    authorizationConfig: {
      authProviders: [
        {
          authorizationType: LAMBDA,
          lambdaAuthorizerConfig: { handler: listen.lambda, resultsCacheTtl: Duration.seconds(0) },
        },
        { authorizationType: IAM },
      ],
      connectionAuthModeTypes: [LAMBDA],
      defaultSubscribeAuthModeTypes: [LAMBDA],
      defaultPublishAuthModeTypes: [IAM],
    },
  });
  hints.addChannelNamespace(hintNamespace).grantPublish(api.role);
  api.lambda.addEnvironment("ICECORE_HINTS_URL", `https://${hints.httpDns}`);
  return hints;
}
