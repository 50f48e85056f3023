/**
 * Sweeps once a minute. A sweep that fails is not tried again: the next one comes in a minute. What was missed is kept for people, both
 * where the schedule could not begin one and where the function, which is called without waiting, ended with an error.
 */
import { Duration, Stack } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { CfnFunction } from "aws-cdk-lib/aws-lambda";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import {
  ContextAttribute,
  Schedule,
  ScheduleExpression,
  ScheduleTargetInput,
  TimeWindow,
} from "aws-cdk-lib/aws-scheduler";
import { LambdaInvoke } from "aws-cdk-lib/aws-scheduler-targets";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { acknowledge } from "./acknowledge.ts";
import { cdkSettings } from "./settings.ts";
import type { StoreFunction } from "./store-functions.ts";
import type { StoreParts } from "./store-parts.ts";

export function scheduleSweeps(
  { scope }: StoreParts,
  { lambda }: StoreFunction,
  missedSweeps: Queue,
): Schedule {
  const maxEventAge = Duration.seconds(cdkSettings.sweepAgeSecondsMax);
  lambda.configureAsyncInvoke({
    maxEventAge,
    retryAttempts: 0,
    onFailure: new SqsDestination(missedSweeps),
  });
  const role = new Role(scope, "ScheduleRole", {
    assumedBy: new ServicePrincipal("scheduler.amazonaws.com", {
      conditions: { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } },
    }),
  });
  const schedule = new Schedule(scope, "Schedule", {
    description: "icecore: a sweep over the stores",
    schedule: ScheduleExpression.rate(Duration.minutes(cdkSettings.sweepEveryMinutes)),
    timeWindow: TimeWindow.off(),
    target: new LambdaInvoke(lambda, {
      role,
      // Whose turn it is goes by the time that was meant: a call may come late (lambdas/sweep-turn.ts).
      input: ScheduleTargetInput.fromObject({
        source: "aws.scheduler",
        time: ContextAttribute.scheduledTime,
      }),
      deadLetterQueue: missedSweeps,
      maxEventAge,
      retryAttempts: 0,
    }),
  });
  const logicalId = Stack.of(scope).getLogicalId(lambda.node.defaultChild as CfnFunction);
  acknowledge(role, "CDK allows all versions of the one function that is called.", [
    `AwsSolutions-IAM5[Resource::<${logicalId}.Arn>:*]`,
  ]);
  return schedule;
}
