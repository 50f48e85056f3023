/** The store's hooks, with the model's types. */
import { createStoreHooks } from "../../../client/react/index.ts";
import type { TodoModel } from "../model.ts";

export const { StoreProvider, useStore, useActions, useSyncStatus, useProblems, useOpenStore } =
  createStoreHooks<TodoModel>();
