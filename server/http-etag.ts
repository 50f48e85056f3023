/** ETags as HTTP wants them. A bucket's own goes out as it is where it can; how a bucket spells it is nobody else's business. */
import type { Etag } from "../shared/ports/bucket.ts";

export function httpEtag(etag: Etag): string {
  if (/^"[\x21\x23-\x7e]*"$/.test(etag)) return etag;
  return `"${etag.replace(/[^\x21\x23-\x7e]/g, "")}"`;
}

/** If-None-Match against an etag: weakly, because somebody on the way may have packed the body and weakened it. */
export function isUnchanged(request: Request, etag: string): boolean {
  const given = request.headers.get("if-none-match");
  if (given === null) return false;
  return given.split(",").some((one) => {
    const named = one.trim().replace(/^W\//, "");
    return named === etag || named === "*";
  });
}
