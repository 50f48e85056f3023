/** The command line on a real S3 server: what it says of good buckets, bad ones, and wrong addresses. */
import { PutBucketLifecycleConfigurationCommand } from "@aws-sdk/client-s3";
import { expect, it } from "vitest";
import { s3FirstTriesMax } from "../../bucket/limits.ts";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { createS3Bucket } from "../../bucket/s3/s3-bucket.ts";
import { newClient } from "../ceph/buckets.ts";
import { describeS3, newBucket, server } from "../ceph/s3-tests.ts";
import { cliChild, cliHere } from "../fixtures/cli-run.ts";

const bucketOf = (address: string) => new URL(address).hostname;

interface Checks {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly verdict: string; readonly what: string }[];
}

async function doctor(address: string): Promise<Checks & { readonly code: number | null }> {
  const { code, stdout } = await cliHere(["doctor", "--bucket", address, "--json"]);
  return { code, ...(JSON.parse(stdout) as Checks) };
}

describeS3("The command line on S3", () => {
  it("passes a bucket without versioning, names the service, and leaves nothing behind", async () => {
    const address = await newBucket();
    const { code, ok, checks } = await doctor(address);
    expect({ code, ok }).toEqual({ code: 0, ok: true });
    expect(checks.map(({ verdict }) => verdict)).toEqual(checks.map(() => "good"));
    expect(checks.find(({ name }) => name === "service")?.what).toMatch(/Ceph/);
    expect((await createS3Bucket(address).list("")).objects).toEqual([]);
  });

  it("refuses a versioned bucket, whose conditions are ignored, and says which and why", async () => {
    const { code, ok, checks } = await doctor(await newBucket({ versioned: true }));
    expect({ code, ok }).toEqual({ code: 1, ok: false });
    const bad = checks.filter(({ verdict }) => verdict === "bad").map(({ name }) => name);
    expect(bad).toEqual(["If-None-Match", "If-Match", "races", "versioning"]);
  });

  it("makes no store in a versioned bucket, and names another kind", async () => {
    const { code, stderr } = await cliHere(["init", "--bucket", await newBucket({ versioned: true })]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/cannot hold a store: it ignores If-None-Match.*\n.*Amazon S3/);
  });

  it("refuses a bucket with a lifecycle rule that would eat the log, and minds no others", async () => {
    const address = await newBucket();
    const rule = (id: string, more: object) => ({ ID: id, Status: "Enabled" as const, ...more });
    const put = (rules: readonly object[]) =>
      newClient(server?.endpoint ?? "").send(
        new PutBucketLifecycleConfigurationCommand({
          Bucket: bucketOf(address),
          LifecycleConfiguration: { Rules: rules as never },
        }),
      );
    await put([
      rule("logs", { Filter: { Prefix: "logs/" }, Expiration: { Days: 1 } }),
      rule("old versions", { Filter: { Prefix: "" }, NoncurrentVersionExpiration: { NoncurrentDays: 30 } }),
    ]);
    expect((await doctor(address)).ok).toBe(true);
    await put([rule("tidy", { Filter: { Prefix: "seg" }, Expiration: { Days: 30 } })]);
    const { ok, checks } = await doctor(address);
    expect(ok).toBe(false);
    expect(checks.find(({ name }) => name === "lifecycle")).toMatchObject({
      verdict: "bad",
      what: expect.stringMatching(/"tidy" deletes/),
    });
  });

  it("keeps how If-Match is spelt in the head, where Lambdas and scoped clients read it", async () => {
    const address = await newBucket();
    expect((await cliHere(["init", "--bucket", address])).code).toBe(0);
    const { stdout } = await cliHere(["show", "heads/main.json", "--bucket", address, "--json"]);
    expect((JSON.parse(stdout) as { body: { ifMatch: string } }).body.ifMatch).toBe("unquoted");
  });

  it.each([
    ["a wrong secret", { AWS_SECRET_ACCESS_KEY: "wrong" }, /the secret key is wrong/],
    ["an unknown key", { AWS_ACCESS_KEY_ID: "nobody" }, /access key is not known/],
    ["no credentials", { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" }, /no credentials were found/],
  ])("says what is wrong with %s, and prints none of them", async (_, env, said) => {
    const { code, stdout, stderr } = await cliChild(["head", "--bucket", await newBucket()], {
      ...env,
      AWS_CONFIG_FILE: "/nonexistent",
      AWS_SHARED_CREDENTIALS_FILE: "/nonexistent",
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(said);
    expect(stderr).toMatch(/AWS_ACCESS_KEY_ID/);
    expect(stdout + stderr).not.toContain(process.env.AWS_SECRET_ACCESS_KEY);
    expect(stderr).not.toMatch(/Warning/);
  });

  it("says that there is no such bucket, and takes it for no empty one", async () => {
    const address = (await newBucket()).replace("//test-", "//nope-");
    for (const command of ["init", "head", "stores", "doctor", "recover"]) {
      const { code, stderr } = await cliHere([command, "--bucket", address]);
      expect({ command, code }).toEqual({ command, code: 1 });
      expect(stderr).toMatch(/there is no such bucket/);
    }
  });

  it("says at once that nothing listens at a wrong endpoint", async () => {
    const real = createNodePlatform();
    const waits: number[] = [];
    const wait: typeof real.wait = (ms, signal) => {
      waits.push(ms);
      return real.wait(ms, signal);
    };
    const args = ["doctor", "--bucket", "s3://b-1?endpoint=http://127.0.0.1:1"];
    const { code, stderr } = await cliHere(args, { platform: { ...real, wait } });
    expect(code).toBe(1);
    expect(stderr).toMatch(/nothing listens at that address.*\n.*Check the endpoint/);
    // A few short pauses between its first tries.
    expect([waits.length <= s3FirstTriesMax, waits.every((ms) => ms < 1_000)]).toEqual([true, true]);
  });
});
