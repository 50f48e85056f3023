/**
 * The little XML that S3 answers with: elements, texts, the five named entities and numbers. Pure, and strict: whatever else XML may have
 * (a DOCTYPE, comments, CDATA, text between elements) and whatever is cut or crossed is no answer of S3's. Reads in one pass, without
 * recursion.
 */

export interface XmlElement {
  readonly name: string;
  /** Of an element without children; "" of one that has some. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

interface Open {
  readonly name: string;
  text: string;
  readonly children: XmlElement[];
}

/** S3's deepest answer has four levels. */
const depthMax = 16;
const declaration = /^\uFEFF?\s*(?:<\?xml[^<>?]*\?>\s*)?/;
const tag = /<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[A-Za-z_][\w.:-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;

/** The root element; null for what is no such XML. */
export function parseXml(text: string): XmlElement | null {
  const open: Open[] = [];
  let at = declaration.exec(text)?.[0].length ?? 0;
  for (;;) {
    tag.lastIndex = at;
    const [whole = "", slash, name = "", attributes, closed] = tag.exec(text) ?? [];
    if (whole === "") return null;
    at += whole.length;
    if (slash === "") open.push({ name, text: "", children: [] });
    if (open.length > depthMax || (slash === "/" && (attributes !== "" || closed === "/"))) return null;
    if (slash === "/" || closed === "/") {
      const ended = endLast(open, name);
      if (ended === null) return null;
      const parent = open.at(-1);
      if (parent === undefined) return text.slice(at).trim() === "" ? ended : null;
      parent.children.push(ended);
    }
    const next = text.indexOf("<", at);
    const last = open.at(-1);
    const between = next < 0 ? null : decodeText(text.slice(at, next));
    if (between === null || last === undefined) return null;
    last.text += between;
    at = next;
  }
}

/** Null where another one is open, or where text stands between its children. */
function endLast(open: Open[], name: string): XmlElement | null {
  const last = open.pop();
  if (last?.name !== name) return null;
  if (last.children.length === 0) return last;
  return last.text.trim() === "" ? { ...last, text: "" } : null;
}

/** The text of the first child of that name. */
export function textIn(element: XmlElement | null, name: string): string | null {
  return element?.children.find((child) => child.name === name)?.text ?? null;
}

const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Null where something is no entity. */
function decodeText(text: string): string | null {
  if (!text.includes("&")) return text;
  let good = true;
  const decoded = text.replace(/&([^&;]{0,10};?)/g, (_, inner: string) => {
    const sign = decodeEntity(inner);
    if (sign === null) good = false;
    return sign ?? "";
  });
  return good ? decoded : null;
}

function decodeEntity(inner: string): string | null {
  const [, word, decimal, hex] =
    /^(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));$/.exec(inner) ?? [];
  if (word !== undefined) return named[word] ?? null;
  const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex ?? "", 16);
  return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : null;
}
