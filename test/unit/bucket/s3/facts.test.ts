import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Bucket, BucketFacts } from "../../../../shared/ports/bucket.ts";
import { listOf, type Odd, type OddService, s3Says, startOddService } from "../../../fixtures/odd-service.ts";

const good: Odd = { ...listOf([]), headers: { server: "MinIO" } };
const versioning = (status: string): Odd => ({
  status: 200,
  body: `<VersioningConfiguration>${status && `<Status>${status}</Status>`}</VersioningConfiguration>`,
});
const rule = (inner: string, status = "Enabled"): string =>
  `<Rule><ID>r</ID><Status>${status}</Status>${inner}</Rule>`;
const lifecycle = (...rules: readonly string[]): Odd => ({
  status: 200,
  body: `<LifecycleConfiguration>${rules.join("")}</LifecycleConfiguration>`,
});
const days = "<Expiration><Days>30</Days></Expiration>";

describe("The facts of a bucket on S3", () => {
  let service: OddService;
  let bucket: Bucket;
  beforeAll(async () => {
    service = await startOddService();
  });
  afterAll(() => service.close());
  beforeEach(() => {
    bucket = service.bucket({ prefix: "/team" });
  });
  const factsOf = async (...odd: readonly [Odd, ...Odd[]]): Promise<BucketFacts | undefined> => {
    service.answer(...odd);
    return bucket.facts?.();
  };

  it("are the service's name, what is known of it, versioning and rules", async () => {
    expect(await factsOf(good, versioning(""), s3Says(404, "NoSuchLifecycleConfiguration"))).toEqual({
      service: "MinIO",
      known: { good: true, note: expect.any(String) },
      versioning: { known: true, value: "off" },
      lifecycle: { known: true, value: [] },
    });
  });

  it.each([
    ["Enabled", "on"],
    ["Suspended", "suspended"],
    ["", "off"],
  ])("read versioning %j as %s", async (status, value) => {
    expect((await factsOf(good, versioning(status), lifecycle()))?.versioning).toEqual({
      known: true,
      value,
    });
  });

  it("say why a fact is not known, and go on to the next", async () => {
    expect(await factsOf(good, s3Says(403, "AccessDenied"), s3Says(501, "NotImplemented"))).toMatchObject({
      versioning: { known: false, why: "HTTP 403 AccessDenied" },
      lifecycle: { known: false, why: "HTTP 501 NotImplemented" },
    });
  });

  it.each([
    [`<Filter></Filter>${days}`, "", "expires"],
    [`<Prefix></Prefix>${days}`, "", "expires"],
    [`<Filter><Prefix>te</Prefix></Filter>${days}`, "", "expires"],
    [`<Filter><Prefix>team/updates/</Prefix></Filter>${days}`, "updates/", "expires"],
    [`<Filter><And><Prefix>team/heads</Prefix></And></Filter>${days}`, "heads", "expires"],
    [`<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter>${days}`, null, "expires"],
    [
      "<Filter></Filter><Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition>",
      "",
      "freezes",
    ],
  ])("tell the rule %s as one for %j that %s", async (inner, prefix, does) => {
    const facts = await factsOf(good, versioning(""), lifecycle(rule(inner)));
    expect(facts?.lifecycle).toEqual({ known: true, value: [{ id: "r", prefix, does }] });
  });

  it("leave out rules that are off, that lie beside the prefix, or that only tidy up", async () => {
    const facts = await factsOf(
      good,
      versioning(""),
      lifecycle(
        rule(days, "Disabled"),
        rule(`<Filter><Prefix>other/</Prefix></Filter>${days}`),
        rule(
          "<Filter></Filter><Transition><Days>1</Days><StorageClass>STANDARD_IA</StorageClass></Transition>",
        ),
        rule(
          "<Filter></Filter><AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>",
        ),
        rule(
          "<Filter></Filter><NoncurrentVersionExpiration><NoncurrentDays>7</NoncurrentDays></NoncurrentVersionExpiration>",
        ),
      ),
    );
    expect(facts?.lifecycle).toEqual({ known: true, value: [] });
  });

  it.each<[string, Odd]>([
    ["rejected", s3Says(404, "NoSuchBucket")],
    ["unauthorized", s3Says(400, "ExpiredToken")],
    ["unauthorized", s3Says(403, "AccessDenied")],
    ["incompatible", { status: 200, body: "<html></html>" }],
    ["incompatible", { status: 404 }],
  ])(
    "are thrown as %s where the bucket cannot be looked at, in the service's own word",
    async (kind, odd) => {
      await expect(factsOf(odd)).rejects.toMatchObject({ kind });
      expect(service.asked).toHaveLength(1);
    },
  );
});
