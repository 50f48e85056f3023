/** What a server says while it runs: one line a request and a round on stdout, for people or as JSON; trouble on stderr. */
import type { RequestEntry } from "../server/request-log.ts";
import type { RoundReport } from "../shared/drive/rollup.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import { toTimestamp } from "../shared/wire/time.ts";
import { isStoreError, troubleLine, whatOf } from "./errors.ts";
import type { CommandIo } from "./io.ts";
import { countText } from "./numbers.ts";
import { safeText } from "./screen.ts";
import { jsonTime, timeText } from "./time.ts";

export interface ServeLog {
  listening(url: string, bucket: string): void;
  closing(): void;
  request(entry: RequestEntry): void;
  round(store: StoreId, report: RoundReport): void;
  trouble(store: StoreId | null, error: unknown): void;
}

export function createServeLog(io: CommandIo): ServeLog {
  return io.json ? jsonLog(io) : plainLog(io);
}

function plainLog({ screen, platform }: CommandIo): ServeLog {
  const { paint, paintRemark } = screen;
  const now = () => timeText(toTimestamp(platform.now()));
  return {
    listening(url, bucket) {
      screen.line(`Listening on ${paint.bold(url)}, serving ${safeText(bucket, 500)}. Ctrl-C ends it.`);
    },
    closing: () => screen.remark("Closing: finishing what is at work."),
    request({ at, method, route, status, ms, store, trouble }) {
      const colour = status >= 500 ? paint.red : status >= 400 ? paint.yellow : String;
      const parts = [
        timeText(toTimestamp(at)),
        colour(String(status)),
        method,
        route ?? "?",
        store ?? "-",
        `${ms} ms`,
      ];
      screen.line([...parts, ...(trouble === null ? [] : [safeText(trouble, 500)])].join("  "));
    },
    round(store, { published, setAside, jobs, trouble, known }) {
      if (trouble) this.trouble(store, trouble);
      if (published + setAside + jobs.length === 0) return;
      const aside = setAside === 0 ? "" : `, ${setAside} set aside`;
      const done = jobs.length === 0 ? "" : `; ${jobs.join(", ")}`;
      const through = timeText(known.head.publishedThrough);
      screen.line(
        `${now()}  published ${countText(published, "update")} of ${store} through ${through}${aside}${done}`,
      );
    },
    trouble(store, error) {
      const text = isStoreError(error) ? troubleLine(error) : safeText(String(error), 500);
      screen.remark(
        `${now()}  ${paintRemark.yellow("not done:")} ${store === null ? "" : `${store}: `}${text}`,
      );
    },
  };
}

function jsonLog({ screen, platform }: CommandIo): ServeLog {
  const now = () => jsonTime(toTimestamp(platform.now()));
  return {
    listening: (url, bucket) => screen.json({ at: now(), is: "listening", url, bucket }),
    closing: () => screen.json({ at: now(), is: "closing" }),
    request: (entry) => screen.json({ ...entry, at: jsonTime(toTimestamp(entry.at)), is: "request" }),
    round(store, { published, dropped, setAside, jobs, trouble, known }) {
      if (trouble) this.trouble(store, trouble);
      if (published + dropped + setAside + jobs.length === 0) return;
      const { rev, publishedThrough } = known.head;
      const through = jsonTime(publishedThrough);
      screen.json({
        at: now(),
        is: "round",
        store,
        published,
        dropped,
        setAside,
        jobs,
        rev,
        publishedThrough: through,
      });
    },
    trouble(store, error) {
      const told = isStoreError(error)
        ? { kind: error.kind, what: whatOf(error), fix: error.fix }
        : { kind: "bug", what: String(error), fix: "Report it." };
      screen.json({ at: now(), is: "trouble", store, ...told });
    },
  };
}
