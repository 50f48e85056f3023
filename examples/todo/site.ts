/**
 * The built page as answers: all of it in memory, so that a newer build never mixes with the one that is being served. What has a hash in
 * its name is kept for ever; the page and its service worker are asked for anew each time.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { Hono } from "hono";

interface SiteFile {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
};

/** Nothing but what this server serves: a title that got into the page as markup could do nothing. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const safety = {
  "content-security-policy": policy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
};

/** Answers for `/`, and for each file of the build by its path. */
export async function createSite(folder: string): Promise<Hono> {
  const files = await readFiles(folder);
  const site = new Hono();
  for (const [path, file] of files) site.get(path, (c) => answer(file, c.req.header("if-none-match")));
  return site;
}

function answer({ body, headers }: SiteFile, held: string | undefined): Response {
  const isHeld = held !== undefined && held === headers.etag;
  return new Response(isHeld ? null : body, { status: isHeld ? 304 : 200, headers });
}

async function readFiles(folder: string): Promise<ReadonlyMap<string, SiteFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = new Map<string, SiteFile>();
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const name = join(entry.parentPath, entry.name);
    const path = `/${relative(folder, name).split(sep).join("/")}`;
    files.set(path === "/index.html" ? "/" : path, fileOf(path, new Uint8Array(await readFile(name))));
  }
  return files;
}

function fileOf(path: string, body: Uint8Array<ArrayBuffer>): SiteFile {
  const isHashed = path.startsWith("/assets/");
  return {
    body,
    headers: {
      ...safety,
      "content-type": types[extname(path)] ?? "application/octet-stream",
      "cache-control": isHashed ? "public, max-age=31536000, immutable" : "no-cache",
      etag: `"${createHash("sha256").update(body).digest("hex").slice(0, 32)}"`,
    },
  };
}
