/** One request for each operation of the OpenAPI document, and what it takes to be let in: told here once more, by hand. */
import type { JsonObject } from "../../shared/json.ts";
import { isJsonObject } from "../../shared/json.ts";
import { encodeUpdate } from "../../shared/wire/update.ts";
import type { FullApi, RawCall } from "../fixtures/full-api.ts";
import { testApp, testUpdate } from "../fixtures/store-host.ts";

export interface Operation {
  readonly id: string;
  readonly method: string;
  /** As the document has it, with `{store}`. */
  readonly path: string;
  readonly signedIn: boolean;
}

const methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

export function operationsOf(document: JsonObject): readonly Operation[] {
  return Object.entries(document.paths as JsonObject).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = isJsonObject(item) ? item[method] : undefined;
      if (!isJsonObject(operation)) return [];
      const signedIn = Array.isArray(operation.security);
      return [{ id: String(operation.operationId), method: method.toUpperCase(), path, signedIn }];
    }),
  );
}

export interface Sending {
  readonly api: FullApi;
  /** Number of the app, for testApp. */
  readonly app: number;
  /** Rises with each call. */
  readonly count: number;
}

export interface OperationCase {
  readonly intent: "read" | "write" | "create" | null;
  /** Of who may. */
  readonly status: number;
  /** What is asked for belongs to an app id. */
  readonly usesApp?: true;
  /** In place of the world's own store. */
  store?(sending: Sending): string;
  call?(sending: Sending): RawCall;
}

const json = (body: unknown): RawCall => ({
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});
const read: OperationCase = { intent: "read", status: 200 };
const open: OperationCase = { intent: null, status: 200 };

export const operationCases: Readonly<Record<string, OperationCase>> = {
  sendUpdate: {
    intent: "write",
    status: 200,
    usesApp: true,
    call: ({ app, count }) => json(encodeUpdate(testUpdate(app, count))),
  },
  newDirectGrant: {
    intent: "write",
    status: 200,
    usesApp: true,
    call: ({ app }) => json({ app: testApp(app) }),
  },
  newReadPass: read,
  createStore: { intent: "create", status: 201, store: ({ count }) => `auth-new-${count}` },
  readHead: read,
  readTail: read,
  listen: read,
  readSegment: read,
  readSnapshot: read,
  readMarks: read,
  readIndex: read,
  readTime: open,
  readHealth: open,
  readOpenApi: open,
};

/** The path of one request. */
export function pathOf({ path }: Operation, given: OperationCase, sending: Sending): string {
  const { names, store } = sending.api;
  const kind = Object.entries(names).find(([name]) => path.includes(`/${name}/`));
  return path.replace("{store}", given.store?.(sending) ?? store).replace("{key}", kind?.[1] ?? "");
}
