/** The policy of direct mode's credentials, word for word: what Ceph cannot be asked (its condition on new objects) is pinned here. */
import { describe, expect, it } from "vitest";
import { sessionPolicyCharsMax } from "../../lambdas/direct-limits.ts";
import { directPolicy } from "../../lambdas/direct-policy.ts";
import { parseStoreId } from "../../shared/wire/ids.ts";
import { updateKey } from "../../shared/wire/keys.ts";
import { toTimestamp } from "../../shared/wire/time.ts";
import { testApp, testStoreId } from "../fixtures/store-host.ts";

const store = testStoreId("family");
const app = testApp(1);
const policy = (changes: Partial<Parameters<typeof directPolicy>[0]> = {}) =>
  directPolicy({ bucketArn: "arn:aws:s3:::notes", root: "", store, app, createOnly: true, ...changes });

describe("The policy of an app's credentials", () => {
  it("allows new updates under its own id, what a reader reads, and a list of the tail; nothing else.", () => {
    expect(policy({ root: "team/" })).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: "s3:PutObject",
          Resource: `arn:aws:s3:::notes/team/updates/family/*-${app}.json`,
          Condition: {
            Null: {
              "s3:if-none-match": "false",
              "s3:x-amz-server-side-encryption-customer-algorithm": "true",
            },
            StringEqualsIfExists: { "s3:x-amz-storage-class": "STANDARD" },
          },
        },
        {
          Effect: "Allow",
          Action: "s3:GetObject",
          Resource: [
            "arn:aws:s3:::notes/team/heads/family.json",
            "arn:aws:s3:::notes/team/updates/family/*",
            "arn:aws:s3:::notes/team/segments/family/*",
            "arn:aws:s3:::notes/team/snapshots/family/*",
            "arn:aws:s3:::notes/team/marks/family/*",
            "arn:aws:s3:::notes/team/indexes/family/*",
          ],
        },
        {
          Effect: "Allow",
          Action: "s3:ListBucket",
          Resource: "arn:aws:s3:::notes",
          Condition: { StringEquals: { "s3:prefix": "team/updates/family/" } },
        },
      ],
    });
  });

  it("differs for a service that does not know the condition in nothing but that.", () => {
    const [put, ...others] = policy({ createOnly: false }).Statement;
    const [strict, ...same] = policy().Statement;
    expect(others).toEqual(same);
    const { "s3:if-none-match": dropped, ...left } = strict?.Condition?.Null ?? {};
    expect(dropped).toBe("false");
    expect(put).toEqual({ ...strict, Condition: { ...strict?.Condition, Null: left } });
  });

  it.each(["", "/"])("takes the root %j for none.", (root) => {
    expect(policy({ root })).toEqual(policy());
  });

  it("covers the app's keys of all times, as they are spelt.", () => {
    const [put] = policy().Statement;
    const [before = "", after = ""] = String(put?.Resource).split("*");
    for (const ms of [0, Date.UTC(2026, 10, 21), Number.POSITIVE_INFINITY]) {
      const key = `arn:aws:s3:::notes/${updateKey({ store, app, timestamp: toTimestamp(ms) })}`;
      expect(key.startsWith(before) && key.endsWith(after)).toBe(true);
    }
  });

  it.each(["a*b", "a?b", "$aws"])("refuses the root %j, which IAM would read as a pattern.", (root) => {
    expect(() => policy({ root })).toThrow(/would read as a pattern/);
  });

  it("fits into what STS takes for the longest names of bucket and store, and a root of 10 characters.", () => {
    const longest = parseStoreId("s".repeat(64));
    const bucketArn = `arn:aws-us-gov:s3:::${"b".repeat(63)}`;
    const text = JSON.stringify(policy({ store: longest ?? store, bucketArn, root: "r".repeat(10) }));
    expect(text.length).toBeLessThanOrEqual(sessionPolicyCharsMax);
  });
});
