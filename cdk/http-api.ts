/** The HTTP API before the functions: throttled for all clients together, each request a line in a log that is kept for a while. */
import { Names, RemovalPolicy } from "aws-cdk-lib";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import {
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpStage,
  LogGroupLogDestination,
} from "aws-cdk-lib/aws-apigatewayv2";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { httpRoutes } from "../shared/wire/http-routes.ts";
import { acknowledge } from "./acknowledge.ts";
import { cdkSettings } from "./settings.ts";
import type { StoreFunction } from "./store-functions.ts";
import type { StoreParts } from "./store-parts.ts";

/** Neither headers nor bodies: tokens and what people wrote are no business of a log. */
const logged = {
  requestId: "$context.requestId",
  time: "$context.requestTime",
  ip: "$context.identity.sourceIp",
  method: "$context.httpMethod",
  path: "$context.path",
  status: "$context.status",
  bytes: "$context.responseLength",
  ms: "$context.responseLatency",
  error: "$context.integrationErrorMessage",
};

export interface StoreHttpApi {
  readonly api: HttpApi;
  readonly stage: HttpStage;
}

/** `credentials`: of direct mode; its one path leads there, all others to the API. */
export function createHttpApi(
  { scope, props, logRetention }: StoreParts,
  functions: { readonly api: StoreFunction; readonly credentials: StoreFunction | undefined },
): StoreHttpApi {
  const api = new HttpApi(scope, "HttpApi", {
    apiName: Names.uniqueResourceName(scope, { maxLength: 100, separator: "-" }),
    description: "icecore: the HTTP API of a store",
    createDefaultStage: false,
  });
  const authorizer = new HttpNoneAuthorizer();
  const routes = api.addRoutes({
    path: "/{proxy+}",
    integration: new HttpLambdaIntegration("Api", functions.api.lambda),
    authorizer,
  });
  const direct = functions.credentials
    ? api.addRoutes({
        path: gatewayPath(httpRoutes.credentials),
        methods: [HttpMethod.POST],
        integration: new HttpLambdaIntegration("Credentials", functions.credentials.lambda),
        authorizer,
      })
    : [];
  for (const route of [...routes, ...direct])
    acknowledge(
      route,
      "The function checks each token itself: the answer depends on the store in the path and on who owns the app id in the body.",
      ["AwsSolutions-APIG4"],
    );
  const stage = new HttpStage(scope, "Stage", {
    httpApi: api,
    autoDeploy: true,
    detailedMetricsEnabled: true,
    throttle: {
      rateLimit: props.requestsPerSecond ?? cdkSettings.requestsPerSecond,
      burstLimit: props.requestsBurst ?? cdkSettings.requestsBurst,
    },
    accessLogSettings: {
      destination: new LogGroupLogDestination(
        new LogGroup(scope, "AccessLog", { retention: logRetention, removalPolicy: RemovalPolicy.DESTROY }),
      ),
      format: AccessLogFormat.custom(JSON.stringify(logged)),
    },
  });
  return { api, stage };
}

/** `/v1/stores/:store/credentials` -> `/v1/stores/{store}/credentials`. */
function gatewayPath(route: string): string {
  return route.replace(/:(\w+)/g, "{$1}");
}
