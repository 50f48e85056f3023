/** The dashboard: is all published, who asks how much, what failed, and how long it takes. */
import { Duration } from "aws-cdk-lib";
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
} from "aws-cdk-lib/aws-cloudwatch";
import { functionsOf, oldestUnpublished, ownMetric, type Watched } from "./alarms.ts";
import type { StoreParts } from "./store-parts.ts";

/** A third of CloudWatch's grid of 24. */
const width = 8;
const period = Duration.minutes(1);

export function createDashboard(
  { scope }: StoreParts,
  watched: Watched,
  alarms: readonly Alarm[],
): Dashboard {
  const { queues, httpApi } = watched;
  const functions = functionsOf(watched);
  const stage = httpApi.stage;
  return new Dashboard(scope, "Dashboard", {
    widgets: [
      [new AlarmStatusWidget({ title: "Alarms", alarms: [...alarms], width: 3 * width })],
      [
        graph("Oldest unpublished update (ms)", [oldestUnpublished(watched)]),
        graph("Updates published", ofBoth(watched, "UpdatesPublished")),
        graph("Set aside, dead letters, troubles", [
          ...ofBoth(watched, "SetAside"),
          ...ofBoth(watched, "DeadLetters"),
          ...ofBoth(watched, "RoundTroubles"),
        ]),
      ],
      [
        graph("Requests to the API", [
          stage.metricCount({ period }),
          stage.metricClientError({ period, statistic: "Sum" }),
          stage.metricServerError({ period, statistic: "Sum" }),
        ]),
        graph("The API's time (ms)", [
          stage.metricLatency({ period, statistic: "p50" }),
          stage.metricLatency({ period, statistic: "p99" }),
        ]),
        graph("Queues", [
          queues.news.metricApproximateNumberOfMessagesVisible({ period, label: "news" }),
          queues.deadLetters.metricApproximateNumberOfMessagesVisible({ period, label: "dead letters" }),
          queues.missedSweeps.metricApproximateNumberOfMessagesVisible({ period, label: "missed sweeps" }),
        ]),
      ],
      [
        graph(
          "Calls of functions",
          functions.map(([label, { lambda }]) => lambda.metricInvocations({ period, label })),
        ),
        graph(
          "Errors of functions",
          functions.map(([label, { lambda }]) => lambda.metricErrors({ period, label })),
        ),
        graph(
          "Time of functions (ms, p99)",
          functions.map(([label, { lambda }]) => lambda.metricDuration({ period, statistic: "p99", label })),
        ),
      ],
    ],
  });
}

function ofBoth({ rollup, sweep }: Watched, name: string): readonly IMetric[] {
  return [ownMetric(rollup, name, "Sum"), ownMetric(sweep, name, "Sum")];
}

function graph(title: string, left: readonly IMetric[]): IWidget {
  return new GraphWidget({ title, left: [...left], width });
}
