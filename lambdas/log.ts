/**
 * The log of a Lambda: Powertools' logger behind a port, one line of JSON an entry on stdout, with the request's id. Only what is named
 * here goes in: no bodies, no headers, no tokens, and errors only as told.ts tells them.
 */
import { Logger } from "@aws-lambda-powertools/logger";
import type { Context } from "aws-lambda";
import type { JsonObject } from "../shared/json.ts";
import { toldOf } from "./told.ts";

export interface LambdaLog {
  /** Entries from here on belong to this invocation. */
  begin(context: Context): void;
  info(what: string, more?: JsonObject): void;
  warn(what: string, more?: JsonObject): void;
  /** `thrown`: why. */
  error(what: string, thrown: unknown, more?: JsonObject): void;
}

/** Service, level and more come from POWERTOOLS_SERVICE_NAME, POWERTOOLS_LOG_LEVEL … */
export function createLambdaLog(): LambdaLog {
  const logger = new Logger();
  return {
    begin: (context) => logger.addContext(context),
    info: (what, more = {}) => logger.info(what, more),
    warn: (what, more = {}) => logger.warn(what, more),
    error: (what, thrown, more = {}) => logger.error(what, { ...more, trouble: toldOf(thrown) }),
  };
}
