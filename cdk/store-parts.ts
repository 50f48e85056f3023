/**
 * What the parts of a deployed store share: who they belong to, the props as checked, and the key of the bucket they lie in.
 *
 * Props are checked once, before anything is made of them (check-props.ts).
 */
import { RemovalPolicy } from "aws-cdk-lib";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { newSettings, type Settings } from "../shared/settings.ts";
import { checkProps, trimmedRoot } from "./check-props.ts";
import type { IcecoreStoreProps } from "./props.ts";

export interface StoreParts {
  /** The construct that everything is made in. */
  readonly scope: Construct;
  readonly props: IcecoreStoreProps;
  readonly settings: Settings;
  /** What stands before every key: "" or "team/". */
  readonly before: string;
  readonly audience: string;
  readonly removalPolicy: RemovalPolicy;
  readonly logRetention: RetentionDays;
}

const defaultAudience = "icecore";

export function createStoreParts(scope: Construct, props: IcecoreStoreProps): StoreParts {
  checkProps(props);
  const root = trimmedRoot(props);
  return {
    scope,
    props,
    settings: newSettings(props.settings),
    before: root === "" ? "" : `${root}/`,
    audience: props.audience ?? defaultAudience,
    removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    logRetention: props.logRetention ?? RetentionDays.ONE_MONTH,
  };
}
