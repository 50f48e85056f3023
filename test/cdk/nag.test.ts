/** cdk-nag: no finding is left, and no reason is given for a finding that is not there. */
import { Validations } from "aws-cdk-lib";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { AwsSolutionsChecks } from "cdk-nag";
import type { IConstruct } from "constructs";
import { describe, expect, test } from "vitest";
import type { IcecoreStoreProps } from "../../cdk/index.ts";
import { allProps, makeStore } from "./synthesise.ts";

const variants: readonly (readonly [string, () => Partial<IcecoreStoreProps>])[] = [
  ["with its defaults", () => ({})],
  ["with everything on", allProps],
  [
    "with tokens of an identity provider",
    () => ({ jwksUrl: "https://idp.example.com/keys", audience: "notes" }),
  ],
];

interface Given {
  readonly path: string;
  readonly rule: string;
  readonly reason: string;
}

/** Every reason, with the construct that it is given for. */
function reasonsIn(construct: IConstruct): readonly Given[] {
  const own = construct.node.metadata
    .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
    .flatMap(({ data }) => Object.entries(data as Readonly<Record<string, string>>))
    .map(([id, reason]) => ({ path: construct.node.path, rule: id.replace(/^annotation::/i, ""), reason }));
  return [...own, ...construct.node.children.flatMap(reasonsIn)];
}

/** `rule path` of each finding as if no reasons were given. */
function allFindings(scope: IConstruct): readonly string[] {
  const pack = new AwsSolutionsChecks();
  Object.defineProperty(pack, "isAcknowledged", { value: () => false });
  return pack
    .validateScope(scope)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    );
}

describe.each(variants)("A store %s", (_, props) => {
  const { app, stack, store } = makeStore(props());
  const findings = allFindings(app);
  const reasons = reasonsIn(app);

  test("AwsSolutions finds nothing, neither errors nor warnings.", () => {
    const { violations } = new AwsSolutionsChecks(app, { verbose: true }).validateScope(app);
    expect(violations).toEqual([]);
    // It does look: without the reasons there would be findings.
    expect(findings.length).toBeGreaterThan(20);
  });

  test("Each reason is a sentence, and is given for one finding of one resource that is really there.", () => {
    expect(reasons.length).toBeGreaterThan(10);
    for (const { path, rule, reason } of reasons) {
      expect(reason).toMatch(/^[A-Z].{20,}[.]$/);
      const covered = findings.filter((finding) => finding.startsWith(`${rule} ${path}`));
      expect(covered.length, `${rule} on ${path}`).toBeGreaterThan(0);
      expect(covered.length, `${rule} on ${path} covers ${covered.join()}`).toBe(1);
    }
  });

  test("None is given for the whole store or its stack.", () => {
    expect(reasons.filter(({ path }) => path === stack.node.path || path === store.node.path)).toEqual([]);
  });
});

test("A resource beside the store that breaks a rule is still found.", () => {
  const { app, stack } = makeStore();
  new Queue(stack, "Open");
  const { violations } = new AwsSolutionsChecks(app).validateScope(app);
  expect(violations.map(({ ruleName }) => ruleName).sort()).toEqual([
    "AwsSolutions-SQS3",
    "AwsSolutions-SQS4",
  ]);
});
