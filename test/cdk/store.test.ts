/** What IcecoreStore makes: the template as a whole, the ids that must stay, and what would lose data if it changed. */
import { RemovalPolicy } from "aws-cdk-lib";
import { Match } from "aws-cdk-lib/assertions";
import { Certificate } from "aws-cdk-lib/aws-certificatemanager";
import { Topic } from "aws-cdk-lib/aws-sns";
import { describe, expect, test } from "vitest";
import { StoreError } from "../../shared/errors.ts";
import { builtKinds, builtRoot, headsPrefix, keptPrefixes } from "../../shared/wire/keys.ts";
import { allProps, makeStore, maskedTemplate, nameOf, statementsOf, templateOf } from "./synthesise.ts";

const plain = makeStore();
const whole = makeStore(allProps());
const template = templateOf(plain);

describe("the template", () => {
  test("By default it is as it was looked at.", async () => {
    await expect(`${JSON.stringify(maskedTemplate(plain), null, 1)}\n`).toMatchFileSnapshot(
      "snapshots/default.template",
    );
  });

  test("With everything on it is as it was looked at.", async () => {
    await expect(`${JSON.stringify(maskedTemplate(whole), null, 1)}\n`).toMatchFileSnapshot(
      "snapshots/everything.template",
    );
  });

  test("It does not depend on the feature flags of the user's app, save for how CDK words things.", () => {
    const resources = (made: typeof plain) =>
      Object.entries(maskedTemplate(made).Resources).map(([id, { Type }]) => `${id} ${Type}`);
    expect(resources(makeStore({}, {}))).toEqual(resources(plain));
  });

  test("No account, region or availability zone is looked up.", () => {
    const { manifest } = whole.app.synth();
    expect(manifest.missing ?? []).toEqual([]);
  });
});

test("Logical ids of what holds data or is known to clients are pinned: another id would be another, empty resource.", () => {
  const pinned = {
    StoreBucket4FBDE984: "AWS::S3::Bucket",
    StoreBucketPolicy972662E6: "AWS::S3::BucketPolicy",
    StoreTokenSecret62B2AC39: "AWS::SecretsManager::Secret",
    StoreReadPassSecret10DD3226: "AWS::SecretsManager::Secret",
    StoreNewsF831324A: "AWS::SQS::Queue",
    StoreDeadLettersA711D0B6: "AWS::SQS::Queue",
    StoreMissedSweeps23B6FC4B: "AWS::SQS::Queue",
    StoreDistributionAF7FF829: "AWS::CloudFront::Distribution",
    StoreHttpApiBA056426: "AWS::ApiGatewayV2::Api",
    StoreDirectRole5F407DA6: "AWS::IAM::Role",
    StoreHints411CEEB1: "AWS::AppSync::Api",
  };
  const { Resources } = maskedTemplate(whole);
  expect(Object.fromEntries(Object.keys(pinned).map((id) => [id, Resources[id]?.Type]))).toEqual(pinned);
});

describe("the bucket", () => {
  const { Resources } = maskedTemplate(plain);
  const statements = statementsOf(Resources.StoreBucketPolicy972662E6);
  const bySid = (sid: string) => statements.find(({ Sid }) => Sid === sid);

  test("It is versioned, encrypted and closed to the public.", () => {
    template.hasResourceProperties("AWS::S3::Bucket", {
      VersioningConfiguration: { Status: "Enabled" },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
    });
  });

  test("It, its policy and the secrets outlive the stack; another removal policy is the user's to choose.", () => {
    const kept = Object.entries(Resources).filter(([, { DeletionPolicy }]) => DeletionPolicy === "Retain");
    expect(kept.map(([id]) => id).sort()).toEqual([
      "StoreBucket4FBDE984",
      "StoreBucketPolicy972662E6",
      "StoreReadPassSecret10DD3226",
      "StoreTokenSecret62B2AC39",
    ]);
    for (const [, { UpdateReplacePolicy }] of kept) expect(UpdateReplacePolicy).toBe("Retain");
    const destroyed = maskedTemplate(makeStore({ removalPolicy: RemovalPolicy.DESTROY })).Resources;
    expect(Object.values(destroyed).filter(({ DeletionPolicy }) => DeletionPolicy === "Retain")).toEqual([]);
  });

  test("Only old versions, lone delete markers and unfinished uploads expire; no current object does.", () => {
    expect(Resources.StoreBucket4FBDE984?.Properties.LifecycleConfiguration).toEqual({
      Rules: [
        {
          Id: "OldVersions",
          Status: "Enabled",
          NoncurrentVersionExpiration: { NoncurrentDays: 30 },
          ExpiredObjectDeleteMarker: true,
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
        },
        // What a rollup deleted is in segments, whose old versions are kept for the whole month.
        {
          Id: "OldVersionsOfUpdates",
          Status: "Enabled",
          Prefix: "updates/",
          NoncurrentVersionExpiration: { NoncurrentDays: 7 },
          ExpiredObjectDeleteMarker: true,
        },
      ],
    });
  });

  test("Requests without TLS 1.2 are denied to everybody.", () => {
    const denied = statements.filter(({ Effect, Action }) => Effect === "Deny" && Action === "s3:*");
    expect(denied.map(({ Condition, Principal }) => ({ Condition, Principal }))).toEqual([
      { Condition: { Bool: { "aws:SecureTransport": "false" } }, Principal: { AWS: "*" } },
      { Condition: { NumericLessThan: { "s3:TlsVersion": 1.2 } }, Principal: { AWS: "*" } },
    ]);
  });

  test("An update that is put without If-None-Match is denied to everybody.", () => {
    const { Resource, ...rest } = bySid("UpdatesAreNewObjects") ?? { Resource: "" };
    expect(rest).toEqual({
      Sid: "UpdatesAreNewObjects",
      Effect: "Deny",
      Principal: { AWS: "*" },
      Action: "s3:PutObject",
      Condition: { Null: { "s3:if-none-match": "true" } },
    });
    expect(nameOf(Resource)).toBe("bucket/updates/*");
  });

  test("All that never changes can only be made, by whomever: If-Match is of use for heads and for a self-test's probes alone.", () => {
    const { Resource, ...rest } = bySid("ObjectsAreNewObjects") ?? { Resource: "" };
    expect(rest).toEqual({
      Sid: "ObjectsAreNewObjects",
      Effect: "Deny",
      Principal: { AWS: "*" },
      Action: "s3:PutObject",
      Condition: { Null: { "s3:if-none-match": "true" } },
    });
    const madeOnce = ["UpdatesAreNewObjects", "ObjectsAreNewObjects"].flatMap((sid) =>
      [bySid(sid)?.Resource].flat().map(nameOf),
    );
    const folders = [...keptPrefixes, ...builtKinds.map(builtRoot)].filter(
      (prefix) => prefix !== headsPrefix,
    );
    expect(madeOnce.sort()).toEqual([...new Set(folders)].map((prefix) => `bucket/${prefix}*`).sort());
  });

  test("A write without any condition, and deleting a head, are denied to everybody.", () => {
    expect(bySid("WritesAreConditional")).toMatchObject({
      Effect: "Deny",
      Principal: { AWS: "*" },
      Action: "s3:PutObject",
      Condition: { Null: { "s3:if-none-match": "true", "s3:if-match": "true" } },
    });
    expect(nameOf(bySid("WritesAreConditional")?.Resource)).toBe("bucket/*");
    expect(bySid("HeadsAreNeverDeleted")).toMatchObject({ Effect: "Deny", Action: "s3:DeleteObject" });
    expect(nameOf(bySid("HeadsAreNeverDeleted")?.Resource)).toBe("bucket/heads/*");
  });

  test("CloudFront, and only this distribution, reads what is served; neither raw updates nor who owns an app id.", () => {
    const reads = bySid("CloudFrontReads");
    expect([reads?.Resource].flat().map(nameOf).sort()).toEqual([
      "bucket/heads/*",
      "bucket/indexes/*",
      "bucket/marks/*",
      "bucket/segments/*",
      "bucket/snapshots/*",
    ]);
    for (const sid of ["CloudFrontReads", "CloudFrontSeesAbsence"]) {
      expect(bySid(sid)?.Principal).toEqual({ Service: "cloudfront.amazonaws.com" });
      expect(JSON.stringify(bySid(sid)?.Condition)).toContain("StoreDistributionAF7FF829");
    }
    expect(statements.filter(({ Effect }) => Effect === "Allow").map(({ Sid }) => Sid)).toEqual([
      "CloudFrontReads",
      "CloudFrontSeesAbsence",
    ]);
  });

  test("Pages reach the bucket itself only in direct mode.", () => {
    const cors = { corsOrigins: ["https://app.example.com"] };
    templateOf(makeStore(cors)).hasResourceProperties("AWS::S3::Bucket", {
      CorsConfiguration: Match.absent(),
    });
    templateOf(makeStore({ ...cors, directMode: true })).hasResourceProperties("AWS::S3::Bucket", {
      CorsConfiguration: {
        CorsRules: [
          Match.objectLike({
            AllowedOrigins: cors.corsOrigins,
            AllowedMethods: ["GET", "HEAD", "PUT"],
            ExposedHeaders: ["ETag", "Date", "Last-Modified", "Content-Encoding"],
          }),
        ],
      },
    });
  });

  test("A root stands before every key of policies, notifications and addresses.", () => {
    const all = JSON.stringify(maskedTemplate(makeStore({ root: "/team/", directMode: true })));
    expect(
      all.match(/"\/?(heads|updates|segments|snapshots|marks|indexes|sweeps|apps|probes)\//g),
    ).toBeNull();
    expect(all).toContain('"/team/updates/*"');
    expect(all).toContain('"/team?region="');
  });
});

describe("news", () => {
  test("S3 tells of new updates alone, after the queue lets it; the rollup looks when the grace is over.", () => {
    template.hasResource("AWS::S3::Bucket", {
      Properties: {
        NotificationConfiguration: {
          QueueConfigurations: [
            {
              Event: "s3:ObjectCreated:*",
              Filter: { S3Key: { Rules: [{ Name: "prefix", Value: "updates/" }] } },
            },
          ],
        },
      },
      DependsOn: ["StoreNewsPolicy5CB554F9"],
    });
    template.hasResourceProperties("AWS::SQS::Queue", { DelaySeconds: 3, VisibilityTimeout: 6 * 120 + 1 });
    templateOf(makeStore({ settings: { graceMs: 4_500 } })).hasResourceProperties("AWS::SQS::Queue", {
      DelaySeconds: 6,
    });
  });

  test("Failed entries alone come again, and in the end are kept for people.", () => {
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      BatchSize: 100,
      ScalingConfig: { MaximumConcurrency: 10 },
    });
    template.hasResourceProperties("AWS::SQS::Queue", { RedrivePolicy: { maxReceiveCount: 5 } });
  });

  test("Another notification on the bucket would replace it, and is refused.", () => {
    const made = makeStore();
    made.store.bucket.enableEventBridgeNotification();
    expect(() => made.app.synth()).toThrow(/would replace the one that wakes the rollup/);
  });

  test("A sweep begins each minute on the minute, and one that fails is not tried again but kept.", () => {
    template.hasResourceProperties("AWS::Scheduler::Schedule", {
      ScheduleExpression: "rate(1 minute)",
      FlexibleTimeWindow: { Mode: "OFF" },
      Target: {
        Input: '{"source":"aws.scheduler","time":"<aws.scheduler.scheduled-time>"}',
        RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
        DeadLetterConfig: { Arn: { "Fn::GetAtt": ["StoreMissedSweeps23B6FC4B", "Arn"] } },
      },
    });
    template.hasResourceProperties("AWS::Lambda::EventInvokeConfig", {
      MaximumRetryAttempts: 0,
      DestinationConfig: {
        OnFailure: { Destination: { "Fn::GetAtt": ["StoreMissedSweeps23B6FC4B", "Arn"] } },
      },
    });
  });
});

describe("alarms", () => {
  test("They tell the topic when they begin and when they end.", () => {
    const silent = template.findResources("AWS::CloudWatch::Alarm");
    expect(Object.values(silent).every(({ Properties }) => Properties.AlarmActions === undefined)).toBe(true);
    const arn = "arn:aws:sns:eu-central-1:111122223333:alarms";
    const alarmTopic = Topic.fromTopicArn(plain.stack, "Alarms", arn);
    const alarms = Object.values(
      templateOf(makeStore({ alarmTopic })).findResources("AWS::CloudWatch::Alarm"),
    );
    expect(alarms.length).toBe(Object.keys(silent).length);
    for (const { Properties } of alarms) {
      expect(Properties.AlarmActions).toEqual([arn]);
      expect(Properties.OKActions).toEqual(Properties.AlarmActions);
    }
  });
});

describe("props", () => {
  test("Faults are told all at once.", () => {
    const make = () =>
      makeStore({
        jwksUrl: "http://idp.example.com/keys",
        domainName: "store.example.com",
        corsOrigins: ["*", "https://app.example.com/path"],
        root: "a b",
        directSeconds: 60,
        sweepStores: 0.5,
      });
    expect(make).toThrow(StoreError);
    for (const part of [
      /jwksUrl needs audience/,
      /https:/,
      /domainName and certificate/,
      /"\*"/,
      /path/,
      /root/,
      /directSeconds/,
      /sweepStores/,
    ])
      expect(make).toThrow(part);
  });

  test("What the functions would refuse at their first request is refused before it is deployed.", () => {
    const make = () =>
      makeStore({
        audience: "",
        issuer: "",
        corsOrigins: ["https://app.example.com:port"],
        principalPerSecond: 0,
        principalBurst: 0.5,
        sweepStores: 20_000,
        settings: { graceMs: Number.POSITIVE_INFINITY },
      });
    expect(make).toThrow(StoreError);
    for (const part of [
      /audience must not be empty/,
      /issuer must not be empty/,
      /ICECORE_CORS_ORIGINS/,
      /ICECORE_RATE_PER_SECOND/,
      /ICECORE_RATE_BURST/,
      /ICECORE_SWEEP_STORES is no whole number from 1 to 10000/,
      /ICECORE_SETTINGS has a graceMs/,
    ])
      expect(make).toThrow(part);
  });

  test("With an identity provider there is no token secret.", () => {
    const made = makeStore({
      jwksUrl: "https://idp.example.com/keys",
      audience: "notes",
      issuer: "https://idp.example.com",
    });
    expect(made.store.tokenSecret).toBeUndefined();
    templateOf(made).resourceCountIs("AWS::SecretsManager::Secret", 1);
    templateOf(made).hasResourceProperties("AWS::Lambda::Function", {
      Environment: {
        Variables: Match.objectLike({
          ICECORE_JWKS_URL: "https://idp.example.com/keys",
          ICECORE_AUDIENCE: "notes",
          ICECORE_ISSUER: "https://idp.example.com",
          ICECORE_TOKEN_SECRET_ID: Match.absent(),
        }),
      },
    });
  });

  test("With a name and a certificate of one's own, TLS 1.2 is the least that is spoken.", () => {
    const made = makeStore();
    const arn = "arn:aws:acm:us-east-1:111122223333:certificate/0";
    const own = makeStore({
      domainName: "store.example.com",
      certificate: Certificate.fromCertificateArn(made.stack, "Certificate", arn),
    });
    expect(own.store.url).toBe("https://store.example.com");
    templateOf(own).hasResourceProperties("AWS::CloudFront::Distribution", {
      DistributionConfig: {
        Aliases: ["store.example.com"],
        ViewerCertificate: { AcmCertificateArn: arn, MinimumProtocolVersion: "TLSv1.2_2021" },
      },
    });
  });
});
