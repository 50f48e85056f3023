/** The address of a server, read without a URL class: HTTPS, or plain HTTP to this very machine; no credentials in it, nothing after it. */
import { StoreError } from "../../shared/errors.ts";
import { isLoopback } from "../../shared/wire/loopback.ts";

const shape = /^(https?):\/\/([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?((?:\/[\w.~-]+)*)\/?$/i;

/** Without a slash at its end. Throws StoreError "rejected"; its text never repeats what may be a secret. */
export function parseAddress(url: string): string {
  const [, scheme = "", host = "", port = "", path = ""] = shape.exec(url) ?? [];
  if (scheme === "" || /(?:^|\/)\.{1,2}(?:\/|$)/.test(path))
    throw refused(
      "The server's address is no plain URL",
      "Give it like https://notes.example.org or https://example.org/notes, without user, query or fragment.",
    );
  if (scheme.toLowerCase() === "http" && !isLoopback(host))
    throw refused(
      `http://${host} would send updates and tokens in plain text`,
      "Use https://; plain HTTP is taken for this machine alone (localhost, 127.0.0.1, [::1]).",
    );
  return `${scheme.toLowerCase()}://${host.toLowerCase()}${port}${path}`;
}

function refused(what: string, fix: string): StoreError {
  return new StoreError({ kind: "rejected", what, fix });
}
