/** The queue between S3's news and the rollup, and where what could not be done is kept for people to look at. */
import { Aws, Duration } from "aws-cdk-lib";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { acknowledge } from "./acknowledge.ts";
import { cdkSettings } from "./settings.ts";
import type { StoreParts } from "./store-parts.ts";

export interface NewsQueues {
  readonly news: Queue;
  /** News that no try of the rollup could deal with. */
  readonly deadLetters: Queue;
  /** Sweeps that could not begin or ended with an error. */
  readonly missedSweeps: Queue;
}

export function createNewsQueues({ scope, settings }: StoreParts): NewsQueues {
  const kept = {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(cdkSettings.deadLetterDays),
  };
  const deadLetters = new Queue(scope, "DeadLetters", kept);
  const missedSweeps = new Queue(scope, "MissedSweeps", kept);
  const delay = Math.ceil(settings.graceMs / 1_000) + cdkSettings.queueDelayAfterGraceSeconds;
  const news = new Queue(scope, "News", {
    ...kept,
    deliveryDelay: Duration.seconds(Math.min(delay, cdkSettings.queueDelaySecondsMax)),
    visibilityTimeout: Duration.seconds(
      cdkSettings.visibilityTimeouts * cdkSettings.rollupTimeoutSeconds +
        cdkSettings.rollupBatchWindowSeconds,
    ),
    deadLetterQueue: { queue: deadLetters, maxReceiveCount: cdkSettings.receivesMax },
  });
  // The bucket's own name would close a circle: the bucket is made after the queue. News carry no right to anything.
  news.addToResourcePolicy(
    new PolicyStatement({
      sid: "NewsFromThisAccount",
      principals: [new ServicePrincipal("s3.amazonaws.com")],
      actions: ["sqs:SendMessage"],
      resources: [news.queueArn],
      conditions: { StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID } },
    }),
  );
  acknowledge(missedSweeps, "It is a dead-letter queue itself.", ["AwsSolutions-SQS3"]);
  return { news, deadLetters, missedSweeps };
}
