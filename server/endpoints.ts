/** The table of endpoints: method, path, what it takes to be let in, and what makes the answer. */
import { httpRoutes, servedKinds } from "../shared/wire/http-routes.ts";
import { formatTimestamp, toTimestamp } from "../shared/wire/time.ts";
import { createCredentialsAnswer, createPassAnswer } from "./access-answer.ts";
import { jsonAnswer } from "./answers.ts";
import type { Intent } from "./auth.ts";
import type { Answering, Parts } from "./call.ts";
import { createCreateAnswer } from "./create-answer.ts";
import { createHeadAnswer, createTailAnswer } from "./head-answer.ts";
import { createIngest } from "./ingest.ts";
import { createLiveAnswer } from "./live-answer.ts";
import { createObjectAnswer } from "./object-answer.ts";
import { openApiDocument } from "./openapi.ts";
import { createPlaces, createStays } from "./places.ts";

interface Place {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
}

/** Of no store: open to all, tells nothing that is anybody's. */
interface OpenEndpoint extends Place {
  readonly intent: null;
  readonly answer: (request: Request) => Promise<Response>;
}

interface StoreEndpoint extends Place {
  readonly intent: Intent;
  /** What has to be allowed besides. */
  readonly and?: Intent;
  readonly answer: Answering;
}

export type Endpoint = OpenEndpoint | StoreEndpoint;

export function createEndpoints(parts: Parts): readonly Endpoint[] {
  const { settings, host } = parts;
  const stays = createStays(createPlaces(settings.liveMax, settings.holderParts), settings.busyRetryMs);
  const read = (path: string, answer: Answering): Endpoint => ({
    method: "GET",
    path,
    intent: "read",
    answer,
  });
  const open = (path: string, answer: () => Promise<Response>): Endpoint => ({
    method: "GET",
    path,
    intent: null,
    answer,
  });
  const now = () => formatTimestamp(toTimestamp(host.platform.now()));
  return [
    { method: "POST", path: httpRoutes.updates, intent: "write", answer: createIngest(parts) },
    { method: "POST", path: httpRoutes.pass, intent: "read", answer: createPassAnswer(parts) },
    {
      method: "POST",
      path: httpRoutes.credentials,
      intent: "write",
      // They read, too.
      and: "read",
      answer: createCredentialsAnswer(parts),
    },
    { method: "PUT", path: httpRoutes.store, intent: "create", answer: createCreateAnswer(parts) },
    read(httpRoutes.head, createHeadAnswer(parts, stays)),
    read(httpRoutes.tail, createTailAnswer(parts)),
    read(httpRoutes.live, createLiveAnswer(parts, stays)),
    ...servedKinds.map((kind) => read(httpRoutes[kind], createObjectAnswer(kind, parts))),
    open(httpRoutes.time, async () => jsonAnswer({ now: now() })),
    open(httpRoutes.health, async () => jsonAnswer({ ok: true })),
    open(httpRoutes.openapi, async () => jsonAnswer(openApiDocument)),
  ];
}
