/** Alarms: each says something that a person must look at, and docs/operations.md says what to do. */
import { Duration } from "aws-cdk-lib";
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { StoreHttpApi } from "./http-api.ts";
import type { NewsQueues } from "./news-queue.ts";
import { cdkSettings } from "./settings.ts";
import { metricsNamespace, type StoreFunction } from "./store-functions.ts";
import type { StoreParts } from "./store-parts.ts";

export interface Watched {
  readonly api: StoreFunction;
  readonly rollup: StoreFunction;
  readonly sweep: StoreFunction;
  readonly credentials: StoreFunction | undefined;
  readonly listen: StoreFunction | undefined;
  readonly queues: NewsQueues;
  readonly httpApi: StoreHttpApi;
}

type Wanted = Pick<AlarmProps, "metric" | "threshold" | "alarmDescription" | "evaluationPeriods"> &
  Partial<Pick<AlarmProps, "comparisonOperator" | "treatMissingData" | "datapointsToAlarm">>;

const minutes = (count: number): Duration => Duration.minutes(count);

type Named = readonly [id: string, wanted: Wanted];

/** In the order in which they are shown. */
export function createAlarms(parts: StoreParts, watched: Watched): readonly Alarm[] {
  const wanted = [
    ...ofPublishing(watched),
    ...ofQueues(watched),
    ...ofFunctions(watched),
    ofAnswers(watched),
  ];
  return wanted.map(([id, alarm]) => createAlarm(parts, id, alarm));
}

function ofPublishing(watched: Watched): readonly Named[] {
  const period = minutes(cdkSettings.sweepSilenceMinutes);
  return [
    [
      "OldestUnpublished",
      {
        metric: oldestUnpublished(watched),
        threshold: cdkSettings.oldestUnpublishedAlarmMs,
        evaluationPeriods: cdkSettings.oldestUnpublishedMinutes,
        datapointsToAlarm: 1,
        alarmDescription: "Updates are stored but not published: look into the logs of rollup and sweep.",
      },
    ],
    [
      "SweepsStopped",
      {
        metric: watched.sweep.lambda.metricInvocations({ period, statistic: "Sum" }),
        threshold: 1,
        comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
        treatMissingData: TreatMissingData.BREACHING,
        evaluationPeriods: 1,
        alarmDescription: "No sweep began: look at the schedule. What no news told of stays unpublished.",
      },
    ],
  ];
}

function ofQueues({ queues }: Watched): readonly Named[] {
  const held = { DeadLetters: queues.deadLetters, MissedSweeps: queues.missedSweeps };
  return Object.entries(held).map(([id, queue]) => [
    id,
    {
      metric: queue.metricApproximateNumberOfMessagesVisible({ period: minutes(1), statistic: "Maximum" }),
      threshold: 1,
      evaluationPeriods: 1,
      alarmDescription:
        "Something could not be done in several tries: read the queue, then the logs of its time.",
    },
  ]);
}

function ofFunctions(watched: Watched): readonly Named[] {
  const sums = { period: minutes(cdkSettings.errorMinutes), statistic: "Sum" };
  return functionsOf(watched).flatMap(([id, { lambda }]): readonly Named[] => [
    [
      `${id}Errors`,
      {
        metric: lambda.metricErrors(sums),
        threshold: id === "Api" ? cdkSettings.apiErrorsAlarm : 1,
        evaluationPeriods: 1,
        alarmDescription: "The function ended with an error or ran out of time: look into its log.",
      },
    ],
    [
      `${id}Throttles`,
      {
        metric: lambda.metricThrottles(sums),
        threshold: 1,
        evaluationPeriods: 1,
        alarmDescription: "The account's limit of functions at once was reached: ask AWS for a higher one.",
      },
    ],
  ]);
}

function ofAnswers({ httpApi }: Watched): Named {
  const metric = httpApi.stage.metricServerError({
    period: minutes(cdkSettings.errorMinutes),
    statistic: "Sum",
  });
  return [
    "ApiServerErrors",
    {
      metric,
      threshold: cdkSettings.apiErrorsAlarm,
      evaluationPeriods: 1,
      alarmDescription: "Clients are answered with 5xx: look into the API's log.",
    },
  ];
}

/** Whoever has seen it: a rollup right away, or a sweep when the store has its turn. */
export function oldestUnpublished({ rollup, sweep }: Watched): IMetric {
  const name = "OldestUnpublishedAgeMs";
  return new MathExpression({
    expression: "MAX([FILL(rollup, 0), FILL(sweep, 0)])",
    usingMetrics: {
      rollup: ownMetric(rollup, name, "Maximum"),
      sweep: ownMetric(sweep, name, "Maximum"),
    },
    label: name,
    period: minutes(1),
  });
}

/** One of the functions' own (lambdas/metrics.ts). */
export function ownMetric({ service }: StoreFunction, metricName: string, statistic: string): IMetric {
  return new Metric({
    namespace: metricsNamespace,
    metricName,
    dimensionsMap: { service },
    period: minutes(1),
    statistic,
  });
}

export function functionsOf(watched: Watched): readonly (readonly [string, StoreFunction])[] {
  const { api, rollup, sweep, credentials, listen } = watched;
  return [
    ["Api", api],
    ["Rollup", rollup],
    ["Sweep", sweep],
    ...(credentials === undefined ? [] : [["Credentials", credentials] as const]),
    ...(listen === undefined ? [] : [["Listen", listen] as const]),
  ];
}

function createAlarm({ scope, props }: StoreParts, id: string, wanted: Wanted): Alarm {
  const alarm = new Alarm(scope, `${id}Alarm`, {
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    // What nobody asks for is not measured; then nothing is wrong.
    treatMissingData: TreatMissingData.NOT_BREACHING,
    ...wanted,
  });
  if (props.alarmTopic) {
    const action = new SnsAction(props.alarmTopic);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
  }
  return alarm;
}
