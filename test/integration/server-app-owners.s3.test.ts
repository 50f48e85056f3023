/** App ids that belong to who signed in, in a real S3 bucket: two servers, and everybody first at once. */
import { expect, it } from "vitest";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { createS3Bucket } from "../../bucket/s3/s3-bucket.ts";
import { createAppOwners } from "../../server/app-owners.ts";
import { createPrincipalOf, subjectOf } from "../../server/principal.ts";
import { defaultServerSettings as settings } from "../../server/settings.ts";
import { newSettings } from "../../shared/settings.ts";
import { describeS3, newBucket } from "../ceph/s3-tests.ts";
import { testApp } from "../fixtures/store-host.ts";

describeS3("The owner of an app id in a real S3 bucket", () => {
  it("is exactly one of those who are first at once, for every server, and stays it", async () => {
    const platform = createNodePlatform();
    const bucket = createS3Bucket(await newBucket(), { platform });
    const principalOf = createPrincipalOf(subjectOf, settings);
    const process = () =>
      createAppOwners({ host: { bucket, platform, settings: newSettings() }, settings, principalOf });
    const winners = new Set<string>();
    for (let number = 1; number <= 12; number++) {
      const app = testApp(number);
      const names = ["ann", "bob", "eve", "joe"];
      const asked = names.map((sub) =>
        process()
          .require({ sub }, app, { fresh: number % 2 === 0 })
          .then(
            () => sub,
            (error: { status?: number }) => error.status,
          ),
      );
      const answers = await Promise.all(asked);
      const letIn = names.filter((name) => answers.includes(name));
      expect([answers, letIn.length]).toEqual([answers, 1]);
      expect(answers.filter((answer) => answer === 403)).toHaveLength(3);
      winners.add(letIn[0] ?? "");
      await process().require({ sub: letIn[0] }, app);
      await expect(process().require({ sub: "somebody" }, app)).rejects.toMatchObject({ status: 403 });
    }
    expect(winners.size).toBeGreaterThan(0);
  });
});
