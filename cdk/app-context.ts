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
  readonly domain: string | undefined;
  readonly certificateArn: string | undefined;
  readonly corsOrigins: readonly string[];
  readonly direct: boolean;
  readonly hints: boolean;
}

const stageShape = /^[a-z][a-z0-9-]{0,19}$/;
const exampleModel = "examples/todo/model.ts";

/** `read`: the value given for a name, undefined where none was. */
export function parseAppContext(read: (name: string) => unknown): AppContext {
  const faults: string[] = [];
  const text = (name: string): string | undefined => {
    const value = read(name);
    if (value === undefined || value === "") return undefined;
    if (typeof value === "string") return value;
    faults.push(`${name} is no text`);
    return undefined;
  };
  const flag = (name: string): boolean => {
    const value = read(name);
    if (value === undefined || value === false || value === "false") return false;
    if (value !== true && value !== "true") faults.push(`${name} is neither true nor false`);
    return true;
  };
  const stage = text("stage") ?? "dev";
  if (!stageShape.test(stage))
    faults.push('stage must be a letter and up to 19 more of a-z, 0-9 and "-", as in prod');
  const context: AppContext = {
    stage,
    model: text("model") ?? exampleModel,
    auth: text("auth"),
    audience: text("audience"),
    issuer: text("issuer"),
    jwksUrl: text("jwksUrl"),
    domain: text("domain"),
    certificateArn: text("certificateArn"),
    corsOrigins: (text("corsOrigins") ?? "").split(",").filter((origin) => origin !== ""),
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
