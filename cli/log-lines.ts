/** Lines of the log: one for each action for people, one for each update, as it is stored, for programs. */
import { type Action, encodeStamped, type StampedUpdate } from "../shared/wire/update.ts";
import { UsageError } from "./errors.ts";
import type { CommandIo } from "./io.ts";
import { quoted, safeText, shortJson } from "./screen.ts";
import { timeText } from "./time.ts";

export interface LogPrinter {
  print(updates: readonly StampedUpdate[]): void;
  /** The tail as it is now: what was printed before is left out. */
  printTail(updates: readonly StampedUpdate[]): void;
  /** The limit is reached. */
  readonly full: boolean;
}

export interface LogFilter {
  readonly limit: number | null;
  readonly app: string | undefined;
  readonly action: string | undefined;
}

/** An id's random end tells apps apart; its beginning is a time. */
const appShown = 8;
const appGivenMin = 4;
const dataMin = 40;

export function createLogPrinter(io: CommandIo, filter: LogFilter): LogPrinter {
  const { screen } = io;
  const wanted = filterFor(filter);
  let left = filter.limit ?? Number.POSITIVE_INFINITY;
  let tailShown = new Set<string>();

  function printOne(update: StampedUpdate, tentative: boolean): void {
    const actions = wanted(update);
    if (actions === undefined) return;
    const lines = io.json
      ? [jsonLine(update, tentative)]
      : actions.map((action) => actionLine(io, update, { action, tentative }));
    for (const line of lines.slice(0, left)) screen.line(line);
    left = Math.max(0, left - lines.length);
  }

  return {
    get full() {
      return left <= 0;
    },
    print(updates) {
      for (const update of updates) printOne(update, false);
    },
    printTail(updates) {
      for (const update of updates) if (!tailShown.has(update.id)) printOne(update, true);
      tailShown = new Set(updates.map((update) => update.id));
    },
  };
}

/** The actions to print (null stands for an update without any), or undefined for none. */
function filterFor({
  app,
  action,
}: LogFilter): (update: StampedUpdate) => readonly (Action | null)[] | undefined {
  const part = app?.toUpperCase();
  if (part !== undefined && !/^[0-9A-HJKMNP-TV-Z]{1,26}$/.test(part))
    throw new UsageError(`${quoted(app ?? "", 40)} is no app id`, "Give a ULID, or its beginning or end.");
  if (part !== undefined && part.length < appGivenMin)
    throw new UsageError(
      `--app is only ${part.length} characters long`,
      `Give at least ${appGivenMin} of its id.`,
    );
  return (update) => {
    if (part !== undefined && !update.app.startsWith(part) && !update.app.endsWith(part)) return undefined;
    if (action === undefined) return update.actions.length === 0 ? [null] : update.actions;
    const named = update.actions.filter((one) => one.name === action);
    return named.length === 0 ? undefined : named;
  };
}

function jsonLine(update: StampedUpdate, tentative: boolean): string {
  const stored = encodeStamped(update);
  return JSON.stringify(tentative ? { tentative: true, ...stored } : stored);
}

function actionLine(
  { screen }: CommandIo,
  update: StampedUpdate,
  { action, tentative }: { readonly action: Action | null; readonly tentative: boolean },
): string {
  const { paint } = screen;
  const head = `${tentative ? "~" : " "} ${timeText(update.timestamp)}  …${update.app.slice(-appShown)} ${String(update.seq).padStart(5)}`;
  if (!action) return `${paint.dim(head)}  ${paint.dim("(no actions)")}`;
  const name = safeText(action.name, 60);
  const room = Math.max(dataMin, screen.width - head.length - name.length - 4);
  return `${paint.dim(head)}  ${paint.cyan(name)}  ${shortJson(action.data, room)}`;
}
