/**
 * createHttpFunction: the API as a Lambda behind an HTTP API or a function URL. Hono's adapter makes a request of the event and an answer of
 * the response; around it the event is checked, and the answer waits until nothing is at work any more.
 */
import type { APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import { handle, type LambdaEvent } from "hono/aws-lambda";
import type { App } from "../server/app.ts";
import { encodeWireError, type WireError } from "../shared/wire/http.ts";
import { parseHttpEvent } from "./http-event.ts";
import type { LambdaLog } from "./log.ts";
import type { Pending } from "./pending.ts";

export interface OpenedApi {
  readonly app: App;
  readonly pending: Pending;
}

export interface HttpFunctionParts {
  /** Asked at each invocation; what failed is tried again. */
  readonly open: () => Promise<OpenedApi>;
  readonly log: LambdaLog;
  /** Of a path: this function answers it. @default all of them */
  readonly takes?: (path: string) => boolean;
}

export type HttpFunction = (event: unknown, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;

export function createHttpFunction(parts: HttpFunctionParts): HttpFunction {
  const { open, log, takes = () => true } = parts;

  return async (given, context) => {
    log.begin(context);
    const parsed = parseHttpEvent(given);
    if (!parsed.ok) {
      log.warn("An event that is no HTTP request came", { reason: parsed.reason });
      return refusal(400, malformed);
    }
    if (!takes(parsed.event.rawPath)) return refusal(404, elsewhere);
    try {
      const { app, pending } = await open();
      const answer = await handle(app.hono)(parsed.event as unknown as LambdaEvent);
      await pending.settled();
      return answer as APIGatewayProxyStructuredResultV2;
    } catch (error) {
      log.error("The API cannot answer", error);
      return refusal(500, broken);
    }
  };
}

const malformed: WireError = {
  kind: "rejected",
  what: "This is no HTTP request",
  fix: "Call the function through an HTTP API with payload format 2.0, or by its function URL.",
};

const elsewhere: WireError = {
  kind: "rejected",
  what: "This function does not answer this address",
  fix: "Call it by the address of the API.",
};

/** What is wrong concerns whoever runs it, and stands in the log alone. */
const broken: WireError = {
  kind: "unavailable",
  what: "The server is not ready",
  fix: "Try again later; its log has the reason.",
};

function refusal(statusCode: number, error: WireError): APIGatewayProxyStructuredResultV2 {
  const headers = { "content-type": "application/json", "cache-control": "no-store" };
  return { statusCode, headers, body: JSON.stringify(encodeWireError(error)), isBase64Encoded: false };
}
