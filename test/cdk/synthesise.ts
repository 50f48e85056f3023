/** One store in one stack, synthesised without bundling: what is asked of the template does not depend on the functions' code. */
import { readFileSync } from "node:fs";
import { App, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { IcecoreStore, type IcecoreStoreProps } from "../../cdk/index.ts";

export const modelFile = "examples/todo/model.ts";

/** Feature flags as the deployable app has them; a construct must not depend on them, see store.test.ts. */
export const appFlags = (
  JSON.parse(readFileSync("cdk.json", "utf8")) as { readonly context: Readonly<Record<string, unknown>> }
).context;

export interface Made {
  readonly app: App;
  readonly stack: Stack;
  readonly store: IcecoreStore;
}

/** Everything that is off by default, on. */
export function allProps(): Partial<IcecoreStoreProps> {
  return { directMode: true, hints: true, corsOrigins: ["https://app.example.com"], root: "team" };
}

export function makeStore(
  props: Partial<IcecoreStoreProps> = {},
  flags: Readonly<Record<string, unknown>> = appFlags,
): Made {
  const app = new App({ context: { ...flags, "aws:cdk:bundling-stacks": [] } });
  const stack = new Stack(app, "Notes");
  const store = new IcecoreStore(stack, "Store", { modelFile, ...props });
  return { app, stack, store };
}

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface TemplateJson {
  readonly Resources: Readonly<Record<string, Resource>>;
}

export function templateOf({ stack }: Made): Template {
  return Template.fromStack(stack);
}

/** As plain data, the code of functions left out: its hash changes with every line of icecore, and test/edge has the edge's. */
export function maskedTemplate(made: Made): TemplateJson {
  const json = templateOf(made).toJSON() as TemplateJson;
  const mask = (name: string, value: unknown): unknown => {
    if (name === "S3Key") return "<code>";
    if (name === "FunctionCode") return "<edge code>";
    return value;
  };
  return JSON.parse(JSON.stringify(json, mask)) as TemplateJson;
}

export interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
  readonly Principal?: unknown;
  readonly Sid?: string;
}

/** Of a resource with a policy. */
export function statementsOf(resource: Resource | undefined): readonly Statement[] {
  const { PolicyDocument } = (resource?.Properties ?? {}) as {
    readonly PolicyDocument?: { readonly Statement: readonly Statement[] };
  };
  return PolicyDocument?.Statement ?? [];
}

/** What the policy of a function's or another's role allows, in the words of a person: `s3:PutObject bucket/updates/*`. */
export function rightsOf(made: Made, owner: string): readonly string[] {
  const { Resources } = maskedTemplate(made);
  return Object.entries(Resources)
    .filter(([id, { Type }]) => Type === "AWS::IAM::Policy" && id.startsWith(`Store${owner}Role`))
    .flatMap(([, resource]) => statementsOf(resource).flatMap(wordsOf))
    .sort();
}

/** `action resource`, one for each pair. */
export function wordsOf({ Action, Resource, Condition }: Statement): readonly string[] {
  const condition = Condition === undefined ? "" : ` if ${JSON.stringify(Condition)}`;
  return [Action]
    .flat()
    .flatMap((action) => [Resource].flat().map((resource) => `${action} ${nameOf(resource)}${condition}`));
}

/** The bucket's ARN is `bucket`, its objects are `bucket/…`; other resources are called by their logical ids. */
export function nameOf(resource: unknown): string {
  if (typeof resource === "string") return resource;
  const { Ref, "Fn::GetAtt": attribute, "Fn::Join": join } = resource as Record<string, unknown>;
  if (Ref !== undefined) return String(Ref).replace(/[0-9A-F]{8}$/, "");
  if (attribute !== undefined)
    return String((attribute as readonly unknown[])[0])
      .replace(/[0-9A-F]{8}$/, "")
      .replace(/^StoreBucket$/, "bucket");
  const [, parts] = join as readonly [string, readonly unknown[]];
  return parts.map(nameOf).join("");
}
