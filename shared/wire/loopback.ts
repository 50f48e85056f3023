/** Hosts that never leave this machine: where plain HTTP is taken, and where a server may be open. */

/** A host as in a URL, so an IPv6 address in brackets; no name but "localhost" is trusted to stay here. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/i.test(host);
}

/** An address to listen at, as a URL has it. */
export function hostInUrl(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}
