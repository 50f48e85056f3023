/**
 * One page of a list, out of as many requests as it takes. Keys come encoded, so that no key that somebody else put there can break the
 * answer's XML; what cannot be part of the bucket as the port sees it, such as the folder marker of a web console at the prefix itself,
 * is left out.
 */
import type { ListAnswer, Listed } from "../../shared/ports/bucket.ts";
import { s3EmptyPagesMax } from "../limits.ts";
import { badList, notS3 } from "./fault.ts";

export interface Wanted {
  readonly prefix: string;
  readonly after: string;
  readonly limit: number;
}

/** One answer of ListObjectsV2, as far as it is looked at; null for what did not stand in it, or cannot be. */
export interface RawPage {
  readonly name: string | null;
  readonly keyCount: number | null;
  readonly truncated: boolean | null;
  readonly encoded: boolean;
  readonly next: string | null;
  readonly objects: readonly { readonly [Part in keyof Listed]: Listed[Part] | null }[];
  readonly date: number;
}

/** Where a page begins: after a key, or where the one before it ended. */
export interface From {
  readonly startAfter?: string;
  readonly token?: string;
}

/** `root` stands before each key. `ask` sends one request for keys below `below`, as a whole with root and prefix. */
export async function readPage(
  root: string,
  { prefix, after }: Wanted,
  ask: (below: string, from: From) => Promise<RawPage>,
): Promise<ListAnswer> {
  const below = root + prefix;
  let from: From = after === "" ? {} : { startAfter: root + after };
  for (let empty = 0; empty < s3EmptyPagesMax; empty++) {
    const page = await ask(below, from);
    const objects = listedIn(page, root, below);
    const [first] = objects;
    // A caller that goes on after the last key would never come to an end.
    if (first && after !== "" && compareBytes(first.key, after) <= 0) throw badList();
    const more = page.truncated === true;
    if (first || !more) return { objects, more, date: page.date };
    // A service may give an empty page and go on, if it does go on.
    if (page.next === null || page.next === from.token) break;
    from = { token: page.next };
  }
  throw badList();
}

function listedIn(page: RawPage, root: string, below: string): readonly Listed[] {
  if (page.truncated === null && page.keyCount === null && page.name === null) throw notS3();
  const objects = page.objects.map(({ key: text, bytes, lastModified }) => {
    const key = keyOf(text ?? "", page.encoded, below);
    if (key === undefined || bytes === null || lastModified === null) throw badList();
    return { key: key.slice(root.length), bytes, lastModified };
  });
  return objects.filter(({ key }) => key !== "");
}

/** Some services say that they encode, and do not; undefined for a key that was not asked for. */
function keyOf(text: string, encoded: boolean, below: string): string | undefined {
  const decoded = encoded ? decodeKey(text) : text;
  return [decoded, text].find((key) => key.startsWith(below));
}

/** As in a form: a plus is a space. */
function decodeKey(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

/** In the order of S3: by their bytes as UTF-8, which is the order of code points. */
function compareBytes(a: string, b: string): number {
  const [here, there] = [Array.from(a), Array.from(b)];
  for (let i = 0; i < Math.min(here.length, there.length); i++) {
    const difference = (here[i]?.codePointAt(0) ?? 0) - (there[i]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return here.length - there.length;
}
