/**
 * Metrics of rollup and sweep: Powertools' embedded metric format behind a port. One value of each an invocation, summed here or the
 * largest; the only dimension is the service. A store's id is never one: a million stores would be a million metrics to pay for.
 */
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";

/** What is measured: counts of this invocation, and of the age the largest. */
export interface Measured {
  /** From an update's timestamp until it was looked at and not in a segment yet: the oldest; 0 where none waited. */
  readonly OldestUnpublishedAgeMs: number;
  readonly UpdatesPublished: number;
  /** Actions that the model rejected. */
  readonly DeadLetters: number;
  /** Objects below `updates/` that were no updates, kept in segments. */
  readonly SetAside: number;
  /** Raw updates that lay where all is published: late repetitions, removed. */
  readonly Ghosts: number;
  /** Stores whose rounds failed, or whose fold or jobs did. */
  readonly RoundTroubles: number;
  readonly StoresChecked: number;
}

export interface LambdaMetrics {
  publish(measured: Partial<Measured>): void;
}

/** The namespace comes from POWERTOOLS_METRICS_NAMESPACE, the service from POWERTOOLS_SERVICE_NAME. */
export function createLambdaMetrics(): LambdaMetrics {
  const metrics = new Metrics();
  return {
    publish(measured) {
      for (const [name, value] of Object.entries(measured))
        metrics.addMetric(name, name.endsWith("Ms") ? MetricUnit.Milliseconds : MetricUnit.Count, value);
      metrics.publishStoredMetrics();
    },
  };
}
