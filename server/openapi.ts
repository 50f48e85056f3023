/** The API as an OpenAPI 3.1 document: served at /v1/openapi.json, and held against the real answers by a test. */
import type { Json, JsonObject } from "../shared/json.ts";
import { heldRevParam, httpRoutes, type ServedKind, waitParam } from "../shared/wire/http-routes.ts";
import { ref, schemas } from "./openapi-schemas.ts";

const storeParam = inPath("store", ref("StoreId"));
const keyParam = inPath("key", {
  type: "string",
  description: "The last part of a key that the head names.",
});
const ifNoneMatch: JsonObject = { name: "If-None-Match", in: "header", schema: { type: "string" } };
const signedIn: JsonObject = { security: [{}, { token: [] }] };

const isStored = "Stored: acknowledged, and in every log that is published through its timestamp.";
const isLater = "Later: not acknowledged; send the very same update again when Retry-After says";
const isSenders = `${isLater}. It waits for a newer server or for its own time, or too much was sent.`;
const isServers = `${isLater}. The server, or what it needs, is at fault.`;

/** Of every endpoint that concerns a store. */
const refusals: JsonObject = {
  400: refusal("The address or the body is malformed."),
  401: refusal("Nobody, or a token that does not hold."),
  403: refusal("Somebody who may not, or not with this app id."),
  404: refusal("There is no such store or object, or this server has nothing of the kind."),
  421: refusal("The server is not called so."),
  429: refusal("Too many requests in a short time; Retry-After says when."),
  500: refusal("The store is damaged, or the server failed."),
  503: refusal("Not now; Retry-After says when."),
};

export const openApiDocument: JsonObject = {
  openapi: "3.1.0",
  info: {
    title: "icecore",
    version: "1",
    description:
      "Stores of immutable updates with a server's order. Read the head, then only what it names that you do not hold; send one update at a time.",
    license: { name: "MIT", identifier: "MIT" },
  },
  paths: {
    [pathOf(httpRoutes.updates)]: {
      post: {
        operationId: "sendUpdate",
        summary: "Stores one update of one app.",
        ...signedIn,
        parameters: [storeParam],
        requestBody: { required: true, content: json("Update") },
        responses: {
          ...refusals,
          200: { description: isStored, content: json("Stored") },
          413: {
            description: "It is too large, and will not be taken as it is.",
            content: json("Rejected", "Error"),
          },
          415: refusal("The body is not said to be JSON."),
          422: { description: "Rejected: it will never be taken as it is.", content: json("Rejected") },
          429: { description: isSenders, content: json("Later", "Error") },
          503: { description: isServers, content: json("Later", "Error") },
        },
      },
    },
    [pathOf(httpRoutes.pass)]: {
      post: {
        operationId: "newReadPass",
        summary:
          "A pass with which the store's head and objects can be read from a shared cache, where there is one.",
        ...signedIn,
        parameters: [storeParam],
        responses: {
          ...refusals,
          200: { description: "For this store alone, for a while.", content: json("ReadPass") },
        },
      },
    },
    [pathOf(httpRoutes.credentials)]: {
      post: {
        operationId: "newDirectGrant",
        summary: "Credentials for the bucket itself, for one app in one store, where the server gives them.",
        ...signedIn,
        parameters: [storeParam],
        requestBody: { required: true, content: json("DirectRequest") },
        responses: {
          ...refusals,
          200: { description: "For this app and store alone, for a while.", content: json("DirectGrant") },
          413: refusal("The body is too long."),
          415: refusal("The body is not said to be JSON."),
        },
      },
    },
    [pathOf(httpRoutes.store)]: {
      put: {
        operationId: "createStore",
        summary: "Makes a store; does nothing where it is there.",
        ...signedIn,
        parameters: [storeParam],
        responses: {
          ...refusals,
          200: { description: "It was there.", content: json("Created") },
          201: { description: "It was made.", content: json("Created") },
        },
      },
    },
    [pathOf(httpRoutes.head)]: get("readHead", "The head: what is published, and under which keys.", "Head", {
      parameters: [
        storeParam,
        ifNoneMatch,
        inQuery(waitParam, "Wait so many seconds for news of an unchanged head; not every server does."),
      ],
      more: {
        304: unchanged(),
        429: refusal("Too many wait already, or too many requests in a short time."),
      },
    }),
    [pathOf(httpRoutes.tail)]: get("readTail", "Updates that are stored and not published yet.", "Tail", {
      parameters: [storeParam, ifNoneMatch, inQuery(heldRevParam, "The rev of the head that you hold.")],
      more: { 304: unchanged() },
    }),
    [pathOf(httpRoutes.live)]: {
      get: {
        operationId: "listen",
        summary: "Server-sent events named hint: something may be new. They carry nothing.",
        ...signedIn,
        parameters: [storeParam],
        responses: {
          ...refusals,
          200: {
            description: "Hints, and comments in between.",
            content: { "text/event-stream": { schema: { type: "string" } } },
          },
          429: refusal("Too many listen already, or too many requests in a short time."),
        },
      },
    },
    ...objectPath("segments", "readSegment", "Segment"),
    ...objectPath("snapshots", "readSnapshot", "Snapshot"),
    ...objectPath("marks", "readMarks", "Marks"),
    ...objectPath("indexes", "readIndex", "Index"),
    [httpRoutes.time]: open("readTime", "The server's clock.", "Time"),
    [httpRoutes.health]: open("readHealth", "Answers while the server takes requests.", "Health"),
    [httpRoutes.openapi]: {
      get: {
        operationId: "readOpenApi",
        summary: "This document.",
        responses: {
          200: { description: "OpenAPI 3.1.", content: { "application/json": { schema: {} } } },
          400: refusal("The request is malformed."),
          421: refusal("The server is not called so."),
          503: refusal("It is closing."),
        },
      },
    },
  },
  components: {
    schemas,
    securitySchemes: { token: { type: "http", scheme: "bearer" } },
  },
};

/** `/v1/stores/:store` -> `/v1/stores/{store}`. */
function pathOf(route: string): string {
  return route.replace(/:([a-z]+)/g, "{$1}");
}

function json(...names: readonly string[]): JsonObject {
  const [only] = names;
  const schema = names.length === 1 && only !== undefined ? ref(only) : { oneOf: names.map(ref) };
  return { "application/json": { schema } };
}

function refusal(description: string): JsonObject {
  return { description, content: json("Error") };
}

function unchanged(): JsonObject {
  return { description: "Nothing changed." };
}

function inPath(name: string, schema: JsonObject): JsonObject {
  return { name, in: "path", required: true, schema };
}

function inQuery(name: string, description: string): JsonObject {
  return { name, in: "query", description, schema: { type: "integer", minimum: 0 } };
}

function get(
  operationId: string,
  summary: string,
  schema: string,
  { parameters, more = {} }: { readonly parameters: readonly Json[]; readonly more?: JsonObject },
): JsonObject {
  const found = { description: summary, content: json(schema) };
  return {
    get: { operationId, summary, ...signedIn, parameters, responses: { ...refusals, ...more, 200: found } },
  };
}

function objectPath(kind: ServedKind, operationId: string, schema: string): JsonObject {
  const summary = "An immutable object; keep it for ever.";
  return {
    [pathOf(httpRoutes[kind])]: get(operationId, summary, schema, { parameters: [storeParam, keyParam] }),
  };
}

function open(operationId: string, summary: string, schema: string): JsonObject {
  const found = { description: summary, content: json(schema) };
  return {
    get: {
      operationId,
      summary,
      responses: {
        200: found,
        400: refusal("The request is malformed."),
        421: refusal("The server is not called so."),
        503: refusal("It is closing."),
      },
    },
  };
}
