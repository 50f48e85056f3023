/** Props that would be taken when the app is synthesised and fail when it is deployed, or when the first request comes: refused at once, in clear words. */
import { CfnParameter, Fn, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Certificate } from "aws-cdk-lib/aws-certificatemanager";
import { describe, expect, test } from "vitest";
import { parseAppContext } from "../../cdk/app-context.ts";
import { IcecoreStore, type IcecoreStoreProps } from "../../cdk/index.ts";
import { StoreError } from "../../shared/errors.ts";
import { makeStore, maskedTemplate, modelFile, templateOf } from "./synthesise.ts";

const refused = (props: Partial<IcecoreStoreProps>, why: RegExp) => {
  const make = () => makeStore(props);
  expect(make).toThrow(StoreError);
  expect(make).toThrow(why);
};

describe("origins of pages that are known only when it is deployed", () => {
  const site = () => `https://${Fn.importValue("SiteDomain")}`;

  test("are taken: the function at the edge, the API, the answers' headers and the bucket all get what they become.", () => {
    const made = makeStore({ corsOrigins: ["https://app.example.com", site()], directMode: true });
    const { Resources } = templateOf(made).toJSON() as {
      Resources: Record<string, { Type: string; Properties: object }>;
    };
    const holding = Object.values(Resources)
      .filter(({ Properties }) => JSON.stringify(Properties).includes("SiteDomain"))
      .map(({ Type }) => Type);
    expect([...new Set(holding)].sort()).toEqual([
      "AWS::CloudFront::Function",
      "AWS::CloudFront::ResponseHeadersPolicy",
      "AWS::Lambda::Function",
      "AWS::S3::Bucket",
    ]);
    const edge = Object.values(Resources).find(({ Type }) => Type === "AWS::CloudFront::Function");
    expect(JSON.stringify(edge)).toContain(
      `https://app.example.com https://",{"Fn::ImportValue":"SiteDomain"},"\\"`,
    );
    expect(JSON.stringify(Resources)).not.toContain("Token[");
  });

  test("as a whole origin, as a parameter gives it, too.", () => {
    const stack = new Stack();
    const parameter = new CfnParameter(stack, "Site");
    const store = new IcecoreStore(stack, "Store", { modelFile, corsOrigins: [parameter.valueAsString] });
    expect(store.url).toContain("https://");
  });

  test("are refused as a list of which not even the length is known.", () => {
    refused(
      { corsOrigins: Fn.split(",", Fn.importValue("Sites")) },
      /corsOrigins is a list that is known only/,
    );
    const parameter = new CfnParameter(new Stack(), "Sites", { type: "CommaDelimitedList" });
    refused({ corsOrigins: parameter.valueAsList }, /corsOrigins is a list that is known only/);
  });
});

describe("names", () => {
  test.each([
    ["notes.example.com", /bucketName .* dots/],
    ["No_tes", /bucketName/],
    ["ab", /bucketName/],
    ["n".repeat(64), /bucketName/],
    ["xn--notes", /bucketName .* reserved/],
    ["sthree-notes", /bucketName .* reserved/],
    ["amzn-s3-demo-notes", /bucketName .* reserved/],
    ["notes-s3alias", /bucketName .* reserved/],
    ["notes--ol-s3", /bucketName .* reserved/],
    ["notes--x-s3", /bucketName .* reserved/],
    ["notes--table-s3", /bucketName .* reserved/],
    ["-notes", /bucketName/],
  ])("The bucket cannot be called %s.", (bucketName, why) => refused({ bucketName }, why));

  test("A good name is taken, and one that is known only when it is deployed.", () => {
    expect(() => makeStore({ bucketName: "notes-4711" })).not.toThrow();
    expect(() => makeStore({ bucketName: Fn.importValue("Name") })).not.toThrow();
  });

  test.each(["..", "a/../b", ".hidden", "a//b", "team.versions", "x".repeat(201)])(
    "%s cannot stand before keys.",
    (root) => refused({ root }, /root/),
  );

  test("In direct mode a name must leave room for a session's policy.", () => {
    const long = { bucketName: "b".repeat(63), root: "r".repeat(120) };
    expect(() => makeStore(long)).not.toThrow();
    refused({ ...long, directMode: true }, /directMode .* root/);
    expect(() => makeStore({ root: "team", directMode: true })).not.toThrow();
  });

  test("A bucket with a name that is given may go with a first deployment that failed, and only then.", () => {
    const removalPolicy = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
    const { Resources } = maskedTemplate(makeStore({ bucketName: "notes-4711", removalPolicy }));
    expect(Resources.StoreBucket4FBDE984).toMatchObject({
      DeletionPolicy: "RetainExceptOnCreate",
      UpdateReplacePolicy: "Retain",
    });
  });
});

describe("what CloudFront asks for", () => {
  const certificateIn = (region: string) =>
    Certificate.fromCertificateArn(new Stack(), "C", `arn:aws:acm:${region}:111122223333:certificate/0`);

  test("A certificate must lie in us-east-1, and a name is a name and no address.", () => {
    const certificate = certificateIn("us-east-1");
    expect(() => makeStore({ domainName: "store.example.com", certificate })).not.toThrow();
    for (const domainName of [
      "https://store.example.com",
      "store.example.com/",
      "*.example.com",
      "store",
      "",
    ])
      refused({ domainName, certificate }, /domainName/);
    refused({ domainName: "store.example.com", certificate: certificateIn("eu-central-1") }, /us-east-1/);
  });

  test("A web ACL must be one of CloudFront's.", () => {
    const acl = (region: string, scope: string) =>
      `arn:aws:wafv2:${region}:111122223333:${scope}/webacl/notes/0`;
    expect(() => makeStore({ webAclArn: acl("us-east-1", "global") })).not.toThrow();
    refused({ webAclArn: acl("eu-central-1", "regional") }, /webAclArn/);
    refused({ webAclArn: "notes" }, /webAclArn/);
  });

  test("Origins must find room in the code of the function at the edge, and in a function's environment.", () => {
    const corsOrigins = Array.from({ length: 50 }, (_, i) => `https://${"a".repeat(60)}-${i}.example.com`);
    refused({ corsOrigins }, /corsOrigins .* too long/);
  });
});

describe("numbers", () => {
  test.each([
    [{ rollupMemoryMb: 64 }, /rollupMemoryMb/],
    [{ rollupMemoryMb: 20_480 }, /rollupMemoryMb/],
    [{ rollupMemoryMb: 1_769.5 }, /rollupMemoryMb/],
    [{ requestsPerSecond: 0 }, /requestsPerSecond/],
    [{ requestsBurst: -1 }, /requestsBurst/],
    [{ directSeconds: 900.5 }, /directSeconds/],
  ])("%j is refused.", (props, why) => refused(props, why));
});

describe("after a secret was rotated", () => {
  test("another edition changes every function that reads one, and the one at the edge; nothing else.", () => {
    const before = maskedTemplate(makeStore({ directMode: true, hints: true })).Resources;
    const edition = { secretsEdition: "2026-11-29" };
    const after = maskedTemplate(makeStore({ directMode: true, hints: true, ...edition })).Resources;
    const changed = Object.keys(after).filter(
      (id) => JSON.stringify(after[id]) !== JSON.stringify(before[id]),
    );
    expect(changed.map((id) => id.replace(/[0-9A-F]{8}$/, "")).sort()).toEqual([
      "StoreApiFunction",
      "StoreCredentialsFunction",
      "StoreListenFunction",
      "StoreReadPasses",
    ]);
    refused({ secretsEdition: "a b" }, /secretsEdition/);
  });
});

describe("what -c says", () => {
  const contextOf = (given: Readonly<Record<string, unknown>>) =>
    parseAppContext((name) => given[name], Object.keys(given));

  test("A misspelt name is told, because without it another model would be deployed.", () => {
    expect(() => contextOf({ modle: "src/model.ts", corsOrigin: "https://a.example" })).toThrow(
      /modle, corsOrigin .*stage, model, auth/,
    );
    expect(() => contextOf({ "aws:cdk:bundling-stacks": [], "@aws-cdk/core:x": true })).not.toThrow();
  });

  test.each(["prod-", "-prod", "1prod", "p--d", "prod_1", "a".repeat(21)])("%s is no stage.", (stage) =>
    expect(() => contextOf({ stage })).toThrow(/stage must/),
  );

  test("Blanks around an origin are none of it.", () => {
    const { corsOrigins } = contextOf({ corsOrigins: "https://a.example, https://b.example ," });
    expect(corsOrigins).toEqual(["https://a.example", "https://b.example"]);
  });

  test("What is no certificate's name is told, before CDK takes it apart.", () => {
    expect(() => contextOf({ certificateArn: "store.example.com" })).toThrow(/certificateArn/);
  });
});
