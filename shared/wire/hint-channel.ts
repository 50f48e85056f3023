/**
 * The channel on which hints of a store are given, where a service of its own carries them (AppSync Events).
 *
 * A channel's parts there take letters, digits and inner dashes only, 50 at most. A store id has lower-case letters, digits, "_" and "-",
 * up to 64: so "_" is written U, "-" D, and a longer id goes on in a second part. Each id has one channel and each channel one id.
 */
import { parseStoreId, type StoreId } from "./ids.ts";

/** The first part of all channels of ours. */
export const hintNamespace = "icecore";

const partMax = 50;
const written: Readonly<Record<string, string>> = { _: "U", "-": "D" };

export function hintChannel(store: StoreId): string {
  const text = store.replace(/[_-]/g, (sign) => written[sign] ?? sign);
  const rest = text.length > partMax ? `/${text.slice(partMax)}` : "";
  return `/${hintNamespace}/${text.slice(0, partMax)}${rest}`;
}

/** With or without its first slash; undefined for what is no store's channel. */
export function parseHintChannel(channel: string): StoreId | undefined {
  const [, first = "", rest = ""] = /^\/?icecore\/([a-zA-Z0-9]+)(?:\/([a-zA-Z0-9]+))?$/.exec(channel) ?? [];
  const id = (first + rest).replace(/U/g, "_").replace(/D/g, "-");
  const store = parseStoreId(id);
  // Written otherwise than we write it, it is another channel.
  return store !== undefined && hintChannel(store) === `/${channel.replace(/^\//, "")}` ? store : undefined;
}
