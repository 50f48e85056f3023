/** Findings of cdk-nag that are meant to be: each is named on the one resource it is about, with its reason. */
import { Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/** Says why `rules` do not apply to `construct`. A rule with several findings is named by finding: `AwsSolutions-IAM5[Resource::*]`. */
export function acknowledge(construct: IConstruct, reason: string, rules: readonly string[]): void {
  Validations.of(construct).acknowledge(...rules.map((id) => ({ id, reason })));
}
