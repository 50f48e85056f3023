/** Documents as the rules see them: headings, links, and the table of an update's life. */
import { dirname, join, normalize } from "node:path";
import type { Finding } from "./source.ts";

export interface Document {
  readonly path: string;
  readonly text: string;
}

export interface Line {
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

/** What the link rule needs to know of the tree. */
export interface Tree {
  readonly exists: (path: string) => boolean;
  readonly document: (path: string) => Document | undefined;
}

/** Lines outside code fences. */
function proseOf({ text }: Document): readonly Line[] {
  let fenced = false;
  return text.split("\n").flatMap((content, index) => {
    const isFence = /^\s*(```|~~~)/.test(content);
    if (isFence) fenced = !fenced;
    return fenced || isFence ? [] : [{ text: content, line: index + 1 }];
  });
}

export function headingsOf(document: Document): readonly Line[] {
  return proseOf(document).flatMap(({ text, line }) => {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(text)?.[1];
    return heading === undefined ? [] : [{ text: heading, line }];
  });
}

/** A heading's anchor as GitHub makes it. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
}

function linksOf(document: Document): readonly Line[] {
  return proseOf(document).flatMap(({ text, line }) => {
    const prose = text.replace(/`[^`]*`/g, "");
    const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)];
    const reference = [...prose.matchAll(/^\[[^\]]+\]:\s+(\S+)/g)];
    return [...inline, ...reference].map((match) => ({ text: match[1] ?? "", line }));
  });
}

/** Relative links and anchors that lead nowhere. */
export function checkLinks(documents: readonly Document[], tree: Tree): readonly Finding[] {
  return documents.flatMap((document) =>
    linksOf(document).flatMap(({ text: link, line }) => {
      const what = /^[a-z][a-z0-9+.-]*:/i.test(link) ? undefined : linkFault(document, link, tree);
      return what === undefined ? [] : [{ at: `${document.path}:${line}`, what }];
    }),
  );
}

function linkFault(document: Document, link: string, tree: Tree): string | undefined {
  const [name = "", anchor] = decodeURI(link).split("#");
  const path = name === "" ? document.path : normalize(join(dirname(document.path), name)).replace(/\/$/, "");
  if (!tree.exists(path)) return `links to ${link}, which does not exist: mend the path or drop the link.`;
  const target = anchor === undefined ? undefined : tree.document(path);
  if (!target) return undefined;
  const anchors = headingsOf(target).map((heading) => anchorOf(heading.text));
  return anchors.includes(anchor ?? "") ? undefined : `links to ${link}, but ${path} has no such heading.`;
}

export interface TableRow extends Line {
  readonly cells: readonly string[];
}

/** Rows, without head and rule, of the first table below a heading. */
export function tableBelow(document: Document, heading: string): readonly TableRow[] {
  const lines = proseOf(document);
  const start = headingsOf(document).find((one) => one.text === heading)?.line;
  if (start === undefined) return [];
  const below = lines.filter(({ line }) => line > start);
  const first = below.findIndex(({ text }) => text.startsWith("|"));
  const length = below.slice(first).findIndex(({ text }) => !text.startsWith("|"));
  const rows = first < 0 ? [] : below.slice(first, length < 0 ? undefined : first + length);
  return rows.slice(2).map((row) => ({
    ...row,
    cells: row.text
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  }));
}

/** The rows of the table must name, in backquotes, real files and what they export. */
export function checkLifeTable(
  document: Document,
  heading: string,
  exportsOf: (path: string) => readonly string[] | undefined,
): readonly Finding[] {
  const rows = tableBelow(document, heading);
  if (rows.length === 0)
    return [
      { at: document.path, what: `has no table under "${heading}": stage, file, function, what happens.` },
    ];
  return rows.flatMap(({ cells, line }) => {
    const at = `${document.path}:${line}`;
    const path = /`([^`]+)`/.exec(cells[1] ?? "")?.[1];
    const names = [...(cells[2] ?? "").matchAll(/`([A-Za-z0-9_$]+)`/g)].map((match) => match[1] ?? "");
    const exported = path === undefined ? undefined : exportsOf(path);
    if (path === undefined || names.length === 0)
      return [{ at, what: "name the file and its function in backquotes, in the second and third cell." }];
    if (!exported) return [{ at, what: `names ${path}, which does not exist: follow the code.` }];
    const unknown = names.filter((name) => !exported.includes(name));
    return unknown.map((name) => ({ at, what: `${path} exports no "${name}": follow the code.` }));
  });
}
