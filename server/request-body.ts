/** Reading a request's JSON: only as far as it is allowed to be long, unpacked too, and nothing that is too deep for a call stack. */
import { decodeBody } from "../shared/drive/body.ts";
import type { Host } from "../shared/drive/run.ts";
import { Refusal } from "./answers.ts";

/** The parsed JSON; what a parser of wire/ has not taken is unknown. Throws Refusal: 400, 413, 415. */
export async function readJson(request: Request, host: Host, bytesMax: number): Promise<unknown> {
  requireJson(request);
  const bytes = await readBytes(request, bytesMax);
  const answer = { is: "found", body: bytes, etag: "", date: 0, lastModified: 0 } as const;
  const body = await decodeBody(answer, host.platform, bytesMax, host.settings);
  if (body.is === "found") return body.json;
  const reason = body.is === "absent" ? "it is missing" : body.reason;
  throw new Refusal(400, {
    kind: "rejected",
    what: `The body cannot be read: ${reason}`,
    fix: "Send JSON in UTF-8, whole.",
  });
}

function requireJson(request: Request): void {
  const type = request.headers.get("content-type") ?? "";
  if (/^application\/json\s*(;|$)/i.test(type)) return;
  throw new Refusal(415, {
    kind: "rejected",
    what: "The body is not said to be JSON",
    fix: "Send it with content-type: application/json.",
  });
}

async function readBytes(request: Request, bytesMax: number): Promise<Uint8Array> {
  // What is announced too long is not read at all.
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) throw tooLong(bytesMax);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of request.body ?? []) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > bytesMax) break;
    }
  } catch {
    throw cutOff();
  }
  if (length > bytesMax) throw tooLong(bytesMax);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function tooLong(bytesMax: number): Refusal {
  return new Refusal(413, {
    kind: "limit",
    what: `The body is longer than ${bytesMax} bytes`,
    fix: "Send less at once.",
  });
}

function cutOff(): Refusal {
  return new Refusal(400, {
    kind: "rejected",
    what: "The body ended before its end",
    fix: "Send it again.",
  });
}
