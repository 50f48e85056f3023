/** Least privilege: every right of every role, one by one. Whoever adds one changes this list, and says so. */
import { Stack } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { describe, expect, test } from "vitest";
import {
  allProps,
  type Made,
  makeStore,
  maskedTemplate,
  rightsOf,
  statementsOf,
  wordsOf,
} from "./synthesise.ts";

const made = makeStore({ ...allProps(), root: "" });
const log = ["heads", "indexes", "marks", "segments", "snapshots", "updates"];
const built = ["indexes", "marks", "segments", "snapshots", "sweeps"];

const on = (action: string, folders: readonly string[]) =>
  folders.map((folder) => `s3:${action} bucket/${folder}/*`);
const listing = (folders: readonly string[]) => {
  const prefixes = folders.map((folder) => `${folder}/*`);
  return `s3:ListBucket bucket if ${JSON.stringify({ StringLikeIfExists: { "s3:prefix": prefixes } })}`;
};
const logging = (name: string) => [`logs:CreateLogStream ${name}Log`, `logs:PutLogEvents ${name}Log`];
const tracing = ["xray:PutTelemetryRecords *", "xray:PutTraceSegments *"];
const secret = (name: string) => [
  `secretsmanager:DescribeSecret ${name}`,
  `secretsmanager:GetSecretValue ${name}`,
];

describe("functions", () => {
  test("The API reads the log, makes updates, heads and owners of app ids, and deletes nothing but probes.", () => {
    expect(rightsOf(made, "Api")).toEqual(
      [
        ...on("GetObject", [...log, "apps", "probes"]),
        ...on("PutObject", ["heads", "updates", "apps", "probes"]),
        ...on("DeleteObject", ["probes"]),
        listing(["updates", "segments", "snapshots", "marks", "indexes", "sweeps", "probes"]),
        "appsync:EventPublish arn:AWS::Partition:appsync:AWS::Region:AWS::AccountId:apis/StoreHints/channelNamespace/icecore",
        ...secret("StoreReadPassSecret"),
        ...secret("StoreTokenSecret"),
        ...logging("StoreApi"),
        ...tracing,
      ].sort(),
    );
  });

  test("The rollup makes what it builds, swaps heads, and deletes raw updates alone.", () => {
    const queue = [
      "ChangeMessageVisibility",
      "DeleteMessage",
      "GetQueueAttributes",
      "GetQueueUrl",
      "ReceiveMessage",
    ];
    expect(rightsOf(made, "Rollup")).toEqual(
      [
        ...on("GetObject", log),
        ...on("PutObject", ["heads", "indexes", "marks", "segments", "snapshots"]),
        ...on("DeleteObject", ["updates"]),
        listing(["updates"]),
        ...queue.map((action) => `sqs:${action} StoreNews`),
        ...logging("StoreRollup"),
        ...tracing,
      ].sort(),
    );
  });

  test("The sweep also knows the stores and deletes what nothing names any more; a head it never does.", () => {
    const queue = ["GetQueueAttributes", "GetQueueUrl", "SendMessage"];
    expect(rightsOf(made, "Sweep")).toEqual(
      [
        ...on("GetObject", [...log, "sweeps"]),
        ...on("PutObject", ["heads", ...built]),
        ...on("DeleteObject", ["updates", "probes", ...built]),
        listing(["heads", "updates", "segments", "snapshots", "marks", "indexes", "sweeps", "probes"]),
        ...queue.map((action) => `sqs:${action} StoreMissedSweeps`),
        ...logging("StoreSweep"),
        ...tracing,
      ].sort(),
    );
  });

  test("The credentials function notes owners of app ids and takes one role; it cannot write an update itself.", () => {
    expect(rightsOf(made, "Credentials")).toEqual(
      [
        ...on("GetObject", ["apps", "heads"]),
        ...on("PutObject", ["apps"]),
        listing(["apps"]),
        "sts:AssumeRole StoreDirectRole",
        ...secret("StoreTokenSecret"),
        ...logging("StoreCredentials"),
        ...tracing,
      ].sort(),
    );
  });

  test("Who may listen is said by a function that reads the token secret, and no bucket.", () => {
    expect(rightsOf(made, "Listen")).toEqual(
      [...secret("StoreTokenSecret"), ...logging("StoreListen"), ...tracing].sort(),
    );
  });

  test("The schedule calls the sweep, and nothing else.", () => {
    expect(rightsOf(made, "Schedule")).toEqual([
      "lambda:InvokeFunction StoreSweepFunction",
      "lambda:InvokeFunction StoreSweepFunction:*",
      "sqs:SendMessage StoreMissedSweeps",
    ]);
  });
});

describe("direct mode", () => {
  test("Its role creates updates, as new and readable objects, reads the log, and lists tails.", () => {
    const create = {
      Null: { "s3:if-none-match": "false", "s3:x-amz-server-side-encryption-customer-algorithm": "true" },
      StringEqualsIfExists: { "s3:x-amz-storage-class": "STANDARD" },
    };
    const tails = { StringLike: { "s3:prefix": "updates/*" } };
    expect(rightsOf(made, "Direct")).toEqual(
      [
        `s3:PutObject bucket/updates/* if ${JSON.stringify(create)}`,
        ...on("GetObject", log),
        `s3:ListBucket bucket if ${JSON.stringify(tails)}`,
      ].sort(),
    );
  });

  test("Nobody but the credentials function takes it, for an hour at most.", () => {
    const { Resources } = maskedTemplate(made);
    expect(Resources.StoreDirectRole5F407DA6?.Properties).toMatchObject({
      MaxSessionDuration: 3_600,
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Effect: "Allow",
            Action: "sts:AssumeRole",
            Principal: { AWS: { "Fn::GetAtt": [expect.stringMatching(/^StoreCredentialsRole/), "Arn"] } },
          },
        ],
      },
    });
  });

  test("Without it there is neither the role nor the function nor its path.", () => {
    const all = JSON.stringify(maskedTemplate(makeStore()));
    expect(all).not.toContain("StoreDirectRole");
    expect(all).not.toContain("StoreCredentials");
    expect(all).not.toContain("/credentials");
  });
});

test("No role allows an action by a wildcard, and only X-Ray is allowed on everything.", () => {
  const { Resources } = maskedTemplate(made);
  const statements = Object.values(Resources)
    .filter(({ Type }) => Type === "AWS::IAM::Policy")
    .flatMap(statementsOf);
  const actions = statements.flatMap(({ Action }) => [Action].flat());
  expect(actions.length).toBeGreaterThan(30);
  expect(actions.filter((action) => action.includes("*"))).toEqual([]);
  const everywhere = statements.filter(({ Resource }) => [Resource].flat().includes("*"));
  expect(new Set(everywhere.flatMap(wordsOf))).toEqual(new Set(tracing));
});

test("No role has a managed policy, and none is shared.", () => {
  const { Resources } = maskedTemplate(made);
  const roles = Object.values(Resources).filter(({ Type }) => Type === "AWS::IAM::Role");
  expect(roles.length).toBe(7);
  for (const { Properties } of roles) expect(Properties.ManagedPolicyArns).toBeUndefined();
  const policies = Object.values(Resources).filter(({ Type }) => Type === "AWS::IAM::Policy");
  for (const { Properties } of policies) expect(Properties.Roles).toHaveLength(1);
});

test("A token secret of the user's own is read by those who check tokens, and none is made.", () => {
  const stack = new Stack();
  const own = Secret.fromSecretNameV2(stack, "Own", "notes/tokens");
  const withOwn = makeStore({ tokenSecret: own });
  expect(
    rightsOf(withOwn, "Api").filter((right) => /GetSecretValue.*notes\/tokens/.test(right)),
  ).toHaveLength(1);
  expect(rightsOf(withOwn, "Rollup").filter((right) => right.startsWith("secretsmanager"))).toEqual([]);
});

describe("grants", () => {
  const granted = (grant: (made: Made, role: Role) => void): readonly string[] => {
    const fresh = makeStore();
    const role = new Role(fresh.stack, "Guest", { assumedBy: new ServicePrincipal("ec2.amazonaws.com") });
    grant(fresh, role);
    const { Resources } = maskedTemplate(fresh);
    return Object.entries(Resources)
      .filter(([id, { Type }]) => Type === "AWS::IAM::Policy" && id.startsWith("Guest"))
      .flatMap(([, resource]) => statementsOf(resource).flatMap(wordsOf))
      .sort();
  };

  test("grantRead gives what a reader of the bucket needs.", () => {
    expect(granted(({ store }, role) => store.grantRead(role).assertSuccess())).toEqual(
      [...on("GetObject", log), listing(["updates"])].sort(),
    );
  });

  test("grantInspect reads everything and writes nothing.", () => {
    expect(granted(({ store }, role) => store.grantInspect(role).assertSuccess())).toEqual(
      [
        ...on("GetObject", [...log, "apps", "sweeps"]),
        listing(["heads", "updates", "apps", "segments", "snapshots", "marks", "indexes", "sweeps"]),
      ].sort(),
    );
  });

  test("grantWrite adds new updates to reading.", () => {
    expect(granted(({ store }, role) => store.grantWrite(role).assertSuccess())).toEqual(
      [...on("GetObject", log), ...on("PutObject", ["updates"]), listing(["updates"])].sort(),
    );
  });

  test("grantRollup gives what the rollup does, and the self-test that `icecore rollup --watch` begins with.", () => {
    const rollup = rightsOf(made, "Rollup").filter((right) => /^s3:(?!ListBucket)/.test(right));
    expect(granted(({ store }, role) => store.grantRollup(role).assertSuccess())).toEqual(
      [
        ...rollup,
        ...["GetObject", "PutObject", "DeleteObject"].flatMap((action) => on(action, ["probes"])),
        listing(["updates", "probes"]),
      ].sort(),
    );
  });
});
