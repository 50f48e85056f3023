/**
 * The service worker: the page starts without the server. It keeps the app shell of one release and nothing else; the store's own API is
 * none of its business, for the store knows better than a cache what is new.
 *
 * Each release has a cache of its own, filled as a whole while it installs and never changed: a page never gets parts of two releases. A
 * newer release waits until no page of the older one is open, or until a page asks for it; only then the older cache goes.
 */
import { takeOverRequest } from "../places.ts";

/** Filled in by the build: the release's hash, and every file of its shell. */
declare const shellBuild: string;
declare const shellFiles: readonly string[];

const scope = globalThis as unknown as ServiceWorkerGlobalScope;
const cachePrefix = "todo-shell-";
const cacheName = cachePrefix + shellBuild;
/** The page itself, whatever address of the app was asked for. */
const page = "/";
/** A server that is slower than this is as good as none. */
const patienceMs = 3_000;

scope.addEventListener("install", (installing) => {
  installing.waitUntil(fill());
});

scope.addEventListener("activate", (activating) => {
  activating.waitUntil(takeCharge());
});

scope.addEventListener("message", ({ data }) => {
  if (data === takeOverRequest) void scope.skipWaiting();
});

scope.addEventListener("fetch", (asked) => {
  const { request } = asked;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== scope.location.origin || pathname.startsWith("/v1/")) return;
  if (request.mode === "navigate") asked.respondWith(fromServer(request));
  else if (shellFiles.includes(pathname)) asked.respondWith(fromCache(pathname, request));
});

/** All of it or nothing: where one file is missing the release is not installed. */
async function fill(): Promise<void> {
  const cache = await caches.open(cacheName);
  await cache.addAll([page, ...shellFiles].map((path) => new Request(path, { cache: "reload" })));
}

/** Nobody uses the older releases any more. A page that was loaded before the first worker is taken care of, too. */
async function takeCharge(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(
    names
      .filter((name) => name.startsWith(cachePrefix) && name !== cacheName)
      .map((name) => caches.delete(name)),
  );
  await scope.clients.claim();
}

/** The server's page is the newest; without it, the one of this release. */
async function fromServer(request: Request): Promise<Response> {
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(patienceMs) });
    if (answer.ok || answer.type === "opaqueredirect") return answer;
    return (await kept(page)) ?? answer;
  } catch (error) {
    const found = await kept(page);
    if (found) return found;
    throw error;
  }
}

/** The files' names change with what is in them, so a kept one is never stale. */
async function fromCache(path: string, request: Request): Promise<Response> {
  return (await kept(path)) ?? fetch(request);
}

async function kept(path: string): Promise<Response | undefined> {
  return (await caches.open(cacheName)).match(path, { ignoreVary: true });
}
