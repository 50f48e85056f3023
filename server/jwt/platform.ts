/** The real side of reading a key set: this machine's fetch, which gives up in time. */

/** As much of fetch as a key set needs. */
export type KeysFetch = (
  url: string,
  options: { readonly headers: Readonly<Record<string, string>> },
) => Promise<Response>;

/** Follows no redirect: the keys come from the address that was configured, or not at all. */
export function createKeysFetch(timeoutMs: number): KeysFetch {
  return (url, { headers }) =>
    fetch(url, { headers: { ...headers }, redirect: "error", signal: AbortSignal.timeout(timeoutMs) });
}
