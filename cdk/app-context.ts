/** What `-c NAME=VALUE` says to the deployable app, parsed once, all faults told at once. */
import { StoreError } from "../shared/errors.ts";

export interface AppContext {
  /** "dev", "prod" …: part of the stack's name, so that several live side by side. */
  readonly stage: string;
  readonly model: string;
  readonly auth: string | undefined;
  readonly audience: string | undefined;
  readonly issuer: string | undefined;
  readonly jwksUrl: string | undefined;
  /** Changed after a secret was rotated. */
  readonly secrets: string | undefined;
  readonly domain: string | undefined;
  readonly certificateArn: string | undefined;
  readonly corsOrigins: readonly string[];
  readonly direct: boolean;
  readonly hints: boolean;
}

const stageShape = /^(?=.{1,20}$)[a-z](?:-?[a-z0-9])*$/;
const certificateShape = /^arn:[\w-]+:acm:us-east-1:\d{12}:certificate\/.+$/;
/** As typed by people; CDK's own names have colons and slashes. */
const nameShape = /^\w+$/;
export const contextNames = [
  "stage",
  "model",
  "auth",
  "audience",
  "issuer",
  "jwksUrl",
  "secrets",
  "domain",
  "certificateArn",
  "corsOrigins",
  "direct",
  "hints",
] as const satisfies readonly (keyof AppContext)[];
const exampleModel = "examples/todo/model.ts";

/** `read`: the value given for a name, undefined where none was. `given`: all names that there are values for, CDK's own among them. */
export function parseAppContext(
  read: (name: (typeof contextNames)[number]) => unknown,
  given: readonly string[] = [],
): AppContext {
  const faults: string[] = [];
  const text = (name: (typeof contextNames)[number]): string | undefined => {
    const value = read(name);
    if (value === undefined || value === "") return undefined;
    if (typeof value === "string") return value;
    faults.push(`${name} is no text`);
    return undefined;
  };
  const flag = (name: (typeof contextNames)[number]): boolean => {
    const value = read(name);
    if (value === undefined || value === false || value === "false") return false;
    if (value !== true && value !== "true") faults.push(`${name} is neither true nor false`);
    return true;
  };
  const stage = text("stage") ?? "dev";
  if (!stageShape.test(stage))
    faults.push('stage must be a letter and up to 19 more of a-z, 0-9 and single "-" in between, as in prod');
  const certificateArn = text("certificateArn");
  if (certificateArn !== undefined && !certificateShape.test(certificateArn))
    faults.push("certificateArn must be arn:aws:acm:us-east-1:ACCOUNT:certificate/ID");
  const unknown = given.filter(
    (name) => nameShape.test(name) && !(contextNames as readonly string[]).includes(name),
  );
  if (unknown.length > 0)
    faults.push(`${unknown.join(", ")} is no name that is known (${contextNames.join(", ")} are)`);
  const context: AppContext = {
    stage,
    model: text("model") ?? exampleModel,
    auth: text("auth"),
    audience: text("audience"),
    issuer: text("issuer"),
    jwksUrl: text("jwksUrl"),
    secrets: text("secrets"),
    domain: text("domain"),
    certificateArn,
    corsOrigins: (text("corsOrigins") ?? "")
      .split(",")
      .map((origin) => origin.trim())
      .filter((origin) => origin !== ""),
    direct: flag("direct"),
    hints: flag("hints"),
  };
  if (faults.length === 0) return context;
  throw new StoreError({
    kind: "rejected",
    what: `What -c gave cannot be used: ${faults.join("; ")}`,
    fix: "Give it as in: npm run cdk -- synth -c stage=prod -c corsOrigins=https://app.example.com",
  });
}
