/** The route: which items are shown. It lives in the address, so it survives a reload and has its place in the browser's history. */
import { useSyncExternalStore } from "react";
import type { Todo } from "../model.ts";

export type Route = "all" | "active" | "completed";

export const routes: readonly { readonly route: Route; readonly href: string; readonly label: string }[] = [
  { route: "all", href: "#/", label: "All" },
  { route: "active", href: "#/active", label: "Active" },
  { route: "completed", href: "#/completed", label: "Completed" },
];

export function useRoute(): Route {
  return useSyncExternalStore(subscribe, read);
}

export function isShown(route: Route, { completed }: Todo): boolean {
  return route === "all" || completed === (route === "completed");
}

function read(): Route {
  return routes.find(({ href }) => href === location.hash)?.route ?? "all";
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}
