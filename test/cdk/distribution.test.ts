/** CloudFront: what is cached for how long, by what key, and who is asked before. */
import { Match } from "aws-cdk-lib/assertions";
import { expect, test } from "vitest";
import { httpRoutes } from "../../shared/wire/http-routes.ts";
import { allProps, makeStore, maskedTemplate, templateOf } from "./synthesise.ts";

interface Behaviour {
  readonly PathPattern?: string;
  readonly CachePolicyId: unknown;
  readonly AllowedMethods: readonly string[];
  readonly ViewerProtocolPolicy: string;
  readonly Compress: boolean;
  readonly TargetOriginId: string;
  readonly OriginRequestPolicyId?: string;
  readonly ResponseHeadersPolicyId: unknown;
  readonly FunctionAssociations?: readonly { readonly EventType: string; readonly FunctionARN: unknown }[];
}

interface Config {
  readonly CacheBehaviors: readonly Behaviour[];
  readonly DefaultCacheBehavior: Behaviour;
  readonly CustomErrorResponses: readonly {
    readonly ErrorCode: number;
    readonly ErrorCachingMinTTL: number;
  }[];
  readonly Origins: readonly {
    readonly Id: string;
    readonly OriginAccessControlId?: unknown;
    readonly S3OriginConfig?: unknown;
    readonly CustomOriginConfig?: {
      readonly OriginProtocolPolicy: string;
      readonly OriginSSLProtocols: unknown;
    };
  }[];
}

const made = makeStore({ ...allProps(), root: "" });
const template = templateOf(made);
const { Resources } = maskedTemplate(made);
const config = Resources.StoreDistributionAF7FF829?.Properties.DistributionConfig as Config;
const reads = config.CacheBehaviors;

test("Heads and immutable objects come from the bucket, everything else from the API.", () => {
  expect(reads.map(({ PathPattern }) => PathPattern)).toEqual([
    "/v1/stores/*/head",
    "/v1/stores/*/segments/*",
    "/v1/stores/*/snapshots/*",
    "/v1/stores/*/marks/*",
    "/v1/stores/*/indexes/*",
  ]);
  const bucketOrigin = config.Origins.find(({ S3OriginConfig }) => S3OriginConfig !== undefined);
  const apiOrigin = config.Origins.find(({ CustomOriginConfig }) => CustomOriginConfig !== undefined);
  expect(new Set(reads.map(({ TargetOriginId }) => TargetOriginId))).toEqual(new Set([bucketOrigin?.Id]));
  expect(config.DefaultCacheBehavior.TargetOriginId).toBe(apiOrigin?.Id);
  expect(bucketOrigin?.OriginAccessControlId).toBeDefined();
  expect(apiOrigin?.CustomOriginConfig).toMatchObject({
    OriginProtocolPolicy: "https-only",
    OriginSSLProtocols: ["TLSv1.2"],
  });
});

test("Every read meets the function that checks the pass, before the cache.", () => {
  for (const { FunctionAssociations } of reads)
    expect(FunctionAssociations).toEqual([
      {
        EventType: "viewer-request",
        FunctionARN: { "Fn::GetAtt": ["StoreReadPasses4ADFD01D", "FunctionARN"] },
      },
    ]);
  expect(config.DefaultCacheBehavior.FunctionAssociations).toBeUndefined();
});

test("The function has the secret by reference: no template shows it.", () => {
  const { Properties } = template.findResources("AWS::CloudFront::Function").StoreReadPasses4ADFD01D ?? {};
  const code = Properties?.FunctionCode as { readonly "Fn::Join": readonly [string, readonly unknown[]] };
  const [, parts] = code["Fn::Join"];
  expect(parts[0]).toMatch(/\{\{resolve:secretsmanager:$/);
  expect(parts[1]).toEqual({ Ref: "StoreReadPassSecret10DD3226" });
  expect(parts[2]).toMatch(/^:SecretString:::\}\}"/);
});

test("Nothing is compressed on the way, redirected from http, or read by another method.", () => {
  for (const behaviour of [...reads, config.DefaultCacheBehavior]) {
    expect(behaviour.Compress).toBe(false);
    expect(behaviour.ViewerProtocolPolicy).toBe("https-only");
  }
  for (const { AllowedMethods } of reads) expect(AllowedMethods).toEqual(["GET", "HEAD", "OPTIONS"]);
});

test("A head is kept a second, an object for as long as it says; the key is the path, and `fresh` alone beside it.", () => {
  const key = {
    CookiesConfig: { CookieBehavior: "none" },
    HeadersConfig: { HeaderBehavior: "none" },
    QueryStringsConfig: { QueryStringBehavior: "whitelist", QueryStrings: ["fresh"] },
    EnableAcceptEncodingBrotli: false,
    EnableAcceptEncodingGzip: false,
  };
  const policyOf = (path: string) => {
    const { Ref } = (reads.find(({ PathPattern }) => PathPattern?.endsWith(path))?.CachePolicyId ?? {}) as {
      readonly Ref?: string;
    };
    return Resources[Ref ?? ""]?.Properties.CachePolicyConfig;
  };
  expect(policyOf("/head")).toMatchObject({
    MinTTL: 0,
    DefaultTTL: 1,
    MaxTTL: 1,
    ParametersInCacheKeyAndForwardedToOrigin: key,
  });
  for (const path of ["/segments/*", "/snapshots/*", "/marks/*", "/indexes/*"])
    expect(policyOf(path)).toMatchObject({
      MinTTL: 0,
      MaxTTL: 31_536_000,
      ParametersInCacheKeyAndForwardedToOrigin: key,
    });
});

test("The API is not cached, and gets the token but not the viewer's Host.", () => {
  // AWS's own policies: CachingDisabled and AllViewerExceptHostHeader.
  expect(config.DefaultCacheBehavior).toMatchObject({
    CachePolicyId: "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
    OriginRequestPolicyId: "b689b0a8-53d0-40ab-baf2-68738e2966ac",
    AllowedMethods: ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"],
  });
});

test("No error is kept longer than a second: each that CloudFront would keep by itself has its own time.", () => {
  const codes = config.CustomErrorResponses.map(({ ErrorCode }) => ErrorCode);
  expect(codes).toEqual([400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504]);
  for (const { ErrorCachingMinTTL } of config.CustomErrorResponses)
    expect(ErrorCachingMinTTL).toBeLessThanOrEqual(1);
});

test("Pages of the given origins see what a client reads of an answer; without origins none do.", () => {
  template.hasResourceProperties("AWS::CloudFront::ResponseHeadersPolicy", {
    ResponseHeadersPolicyConfig: {
      CorsConfig: {
        AccessControlAllowOrigins: { Items: ["https://app.example.com"] },
        AccessControlAllowCredentials: false,
        AccessControlExposeHeaders: {
          Items: ["age", "content-encoding", "date", "etag", "www-authenticate"],
        },
        OriginOverride: true,
      },
    },
  });
  const plain = templateOf(makeStore()).findResources("AWS::CloudFront::ResponseHeadersPolicy");
  expect(Object.values(plain)).toHaveLength(2);
  for (const { Properties } of Object.values(plain))
    expect(Properties.ResponseHeadersPolicyConfig).toEqual(
      expect.objectContaining({
        SecurityHeadersConfig: {
          ContentTypeOptions: { Override: true },
          StrictTransportSecurity: {
            AccessControlMaxAgeSec: 31_536_000,
            IncludeSubdomains: true,
            Override: true,
          },
        },
      }),
    );
  expect(JSON.stringify(plain)).not.toContain("CorsConfig");
});

test("The HTTP API is throttled, and one path of direct mode has a function of its own.", () => {
  template.hasResourceProperties("AWS::ApiGatewayV2::Stage", {
    DefaultRouteSettings: { ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1_000 },
    AccessLogSettings: { Format: Match.not(Match.stringLikeRegexp("authorization|header")) },
  });
  const routes = Object.values(template.findResources("AWS::ApiGatewayV2::Route"));
  const keys = routes.map(({ Properties }) => Properties.RouteKey as string);
  expect(keys.sort()).toEqual([
    "ANY /{proxy+}",
    `POST ${httpRoutes.credentials.replace(":store", "{store}")}`,
  ]);
});
