/**
 * CloudFront: the one address of clients. Heads and immutable objects come from the bucket, past a function that checks the read pass;
 * everything else goes to the HTTP API uncached.
 *
 * Cached reads are safe to share because a pass is no part of the cache key and opens one store for all who may read it. Nothing is
 * compressed on the way: that would weaken the etags that polls stand on, and what is large is stored compressed already.
 */
import { Aws, Duration, Names, Stack } from "aws-cdk-lib";
import {
  AllowedMethods,
  type BehaviorOptions,
  CachePolicy,
  CacheQueryStringBehavior,
  Distribution,
  Function as EdgeFunction,
  FunctionCode,
  FunctionEventType,
  FunctionRuntime,
  HttpVersion,
  OriginProtocolPolicy,
  OriginRequestPolicy,
  OriginSslPolicy,
  PriceClass,
  ResponseHeadersPolicy,
  S3OriginAccessControl,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from "aws-cdk-lib/aws-cloudfront";
import { HttpOrigin, S3BucketOrigin } from "aws-cdk-lib/aws-cloudfront-origins";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import { httpRoutes, servedKinds } from "../shared/wire/http-routes.ts";
import { builtRoot, headsPrefix } from "../shared/wire/keys.ts";
import { acknowledge } from "./acknowledge.ts";
import { readFunctionCode } from "./edge/read-function.ts";
import type { StoreHttpApi } from "./http-api.ts";
import { objectsBelow } from "./permissions.ts";
import { cdkSettings } from "./settings.ts";
import type { StoreParts } from "./store-parts.ts";

/** All that CloudFront would cache by itself. */
const cachedErrors = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];
/** Set by the function alone, where a reader asks to read past the cache. */
const freshQuery = "fresh";

export interface Origins {
  readonly bucket: Bucket;
  readonly httpApi: StoreHttpApi;
  readonly readPassSecret: ISecret;
}

export function createDistribution(parts: StoreParts, origins: Origins): Distribution {
  const { scope, props } = parts;
  const reads = createReads(parts, origins);
  const head = {
    ...reads,
    cachePolicy: createCachePolicy(parts, "Heads", Duration.seconds(cdkSettings.headCacheSeconds)),
  };
  const object = {
    ...reads,
    cachePolicy: createCachePolicy(parts, "Objects", Duration.days(cdkSettings.objectCacheDays)),
  };
  const distribution = new Distribution(scope, "Distribution", {
    comment: `icecore: ${scope.node.path}`.slice(0, 128),
    defaultBehavior: createApiBehaviour(parts, origins.httpApi),
    additionalBehaviors: {
      [edgePath(httpRoutes.head)]: head,
      ...Object.fromEntries(servedKinds.map((kind) => [edgePath(httpRoutes[kind]), object])),
    },
    errorResponses: cachedErrors.map((httpStatus) => ({
      httpStatus,
      ttl: Duration.seconds(cdkSettings.errorCacheSeconds),
    })),
    httpVersion: HttpVersion.HTTP2_AND_3,
    priceClass: props.priceClass ?? PriceClass.PRICE_CLASS_ALL,
    ...(props.webAclArn === undefined ? {} : { webAclId: props.webAclArn }),
    ...(props.domainName === undefined || props.certificate === undefined
      ? {}
      : {
          domainNames: [props.domainName],
          certificate: props.certificate,
          minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
        }),
    ...(props.accessLogBucket === undefined
      ? {}
      : { enableLogging: true, logBucket: props.accessLogBucket, logFilePrefix: "icecore-cloudfront/" }),
  });
  allowReads(parts, origins.bucket, distribution);
  acknowledgeChoices(parts, distribution);
  return distribution;
}

function createReads(parts: StoreParts, { bucket, readPassSecret }: Origins): BehaviorOptions {
  const { scope, props, before } = parts;
  const access = new S3OriginAccessControl(scope, "BucketAccess", {
    originAccessControlName: accountName(parts, "bucket"),
    description: "icecore: reads of the store's bucket",
  });
  const edition = props.secretsEdition === undefined ? "" : ` (secrets: ${props.secretsEdition})`;
  const passes = new EdgeFunction(scope, "ReadPasses", {
    runtime: FunctionRuntime.JS_2_0,
    // Another text, and CloudFormation reads the secret again.
    comment: `icecore: checks read passes and leads to the bucket${edition}`,
    code: FunctionCode.fromInline(
      readFunctionCode({
        // The function has no way to Secrets Manager: CloudFormation puts the secret into its code, and no template shows it.
        secret: readPassSecret.secretValue.unsafeUnwrap(),
        root: before.slice(0, -1),
        corsOrigins: props.corsOrigins ?? [],
      }),
    ),
  });
  return {
    // The construct's own way would allow every object of the bucket.
    origin: S3BucketOrigin.withBucketDefaults(bucket, {
      originAccessControlId: access.originAccessControlId,
    }),
    viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
    allowedMethods: AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
    compress: false,
    functionAssociations: [{ function: passes, eventType: FunctionEventType.VIEWER_REQUEST }],
    responseHeadersPolicy: createReadHeaders(parts),
  };
}

/** What is asked for by its path alone, save for reads past the cache; what an object says of itself counts, up to `longest`. */
function createCachePolicy({ scope }: StoreParts, id: string, longest: Duration): CachePolicy {
  return new CachePolicy(scope, `${id}Cache`, {
    comment: `icecore: ${id.toLowerCase()} of stores`,
    minTtl: Duration.seconds(0),
    defaultTtl: longest,
    maxTtl: longest,
    queryStringBehavior: CacheQueryStringBehavior.allowList(freshQuery),
    enableAcceptEncodingGzip: false,
    enableAcceptEncodingBrotli: false,
  });
}

const securityHeaders = {
  contentTypeOptions: { override: true },
  strictTransportSecurity: {
    accessControlMaxAge: Duration.days(cdkSettings.httpsOnlyDays),
    includeSubdomains: true,
    override: true,
  },
} as const;

/** The bucket knows no origins of pages; here they are said in its place, over whatever it says. */
function createReadHeaders(parts: StoreParts): ResponseHeadersPolicy {
  const { scope, props } = parts;
  const { corsOrigins = [] } = props;
  return new ResponseHeadersPolicy(scope, "ReadHeaders", {
    responseHeadersPolicyName: accountName(parts, "reads"),
    comment: "icecore: what pages may see of reads",
    securityHeadersBehavior: securityHeaders,
    ...(corsOrigins.length === 0
      ? {}
      : {
          corsBehavior: {
            accessControlAllowOrigins: [...corsOrigins],
            accessControlAllowMethods: ["GET", "HEAD", "OPTIONS"],
            accessControlAllowHeaders: ["authorization", "cache-control", "if-none-match"],
            accessControlExposeHeaders: ["age", "content-encoding", "date", "etag", "www-authenticate"],
            accessControlAllowCredentials: false,
            accessControlMaxAge: Duration.seconds(cdkSettings.corsAgeSeconds),
            originOverride: true,
          },
        }),
  });
}

/** The API answers for its own CORS and caching; a token goes through, the viewer's Host does not (API Gateway would not know it). */
function createApiBehaviour(parts: StoreParts, { api }: StoreHttpApi): BehaviorOptions {
  const { scope } = parts;
  const { region, urlSuffix } = Stack.of(scope);
  return {
    origin: new HttpOrigin(`${api.apiId}.execute-api.${region}.${urlSuffix}`, {
      protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
      originSslProtocols: [OriginSslPolicy.TLS_V1_2],
    }),
    // Not a redirect from http: the token would have gone over the net by then.
    viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
    allowedMethods: AllowedMethods.ALLOW_ALL,
    cachePolicy: CachePolicy.CACHING_DISABLED,
    originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
    compress: false,
    responseHeadersPolicy: new ResponseHeadersPolicy(scope, "ApiHeaders", {
      responseHeadersPolicyName: accountName(parts, "api"),
      comment: "icecore: security headers of the API",
      securityHeadersBehavior: securityHeaders,
    }),
  };
}

/** This distribution alone, and only what it serves. With the right to list, absent is 404 and not 403; no path leads to a list. */
function allowReads({ before }: StoreParts, bucket: Bucket, distribution: Distribution): void {
  const arn = `arn:${Aws.PARTITION}:cloudfront::${Aws.ACCOUNT_ID}:distribution/${distribution.distributionId}`;
  const allow = (sid: string, action: string, resources: string[]) =>
    bucket.addToResourcePolicy(
      new PolicyStatement({
        sid,
        principals: [new ServicePrincipal("cloudfront.amazonaws.com")],
        actions: [action],
        resources,
        conditions: { StringEquals: { "aws:SourceArn": arn } },
      }),
    );
  allow(
    "CloudFrontReads",
    "s3:GetObject",
    objectsBelow(bucket, before, [headsPrefix, ...servedKinds.map(builtRoot)]),
  );
  allow("CloudFrontSeesAbsence", "s3:ListBucket", [bucket.bucketArn]);
}

function acknowledgeChoices({ props }: StoreParts, distribution: Distribution): void {
  acknowledge(distribution, "A store's readers may be anywhere; who may read is said by tokens.", [
    "AwsSolutions-CFR1",
  ]);
  if (props.webAclArn === undefined)
    acknowledge(
      distribution,
      "A web ACL costs more per request than a poll itself, and every request is checked by token or pass; webAclArn adds one.",
      ["AwsSolutions-CFR2"],
    );
  if (props.accessLogBucket === undefined)
    acknowledge(
      distribution,
      "Every poll of every client would be a line; who wants them gives accessLogBucket.",
      ["AwsSolutions-CFR3"],
    );
  if (props.certificate === undefined)
    acknowledge(
      distribution,
      "With CloudFront's own certificate the least version of TLS cannot be chosen; domainName and certificate make it 1.2.",
      ["AwsSolutions-CFR4"],
    );
}

/** CloudFront's names are the account's, of all regions; CDK leaves the region out of these. */
function accountName({ scope }: StoreParts, what: string): string {
  const name = Names.uniqueResourceName(scope, { maxLength: 36, separator: "-" });
  return `${name}-${what}-${Stack.of(scope).region}`;
}

/** Each named part of a route as CloudFront's wildcard. */
function edgePath(route: string): string {
  return route.replace(/:\w+/g, "*");
}
