/** One word, one meaning: words that no part of the product is named with. */

import { type Document, headingsOf } from "./markdown.ts";
import { exportedNames, type Finding, finding, folderOf, type Source } from "./source.ts";

/** Banned word -> what to say instead. */
export const bannedWords: Readonly<Record<string, string>> = {
  event: "update or action (Lambda and the DOM own the word)",
  mutation: "action",
  command: "request or action (the CLI owns the word)",
  message: "what travels by its own name: update, answer, note (an error's text may be one)",
  stream: "log",
  checkpoint: "snapshot",
  cursor: "position",
  manager: "the thing that it does",
  helper: "the thing that it does",
  util: "the thing that it does",
  data: "what it is: body, state, updates (an action's field may be called so)",
  handler: "the thing that it does (Lambda entries own the word)",
};

/** Folder -> the words that are its own there. */
const ownWords: Readonly<Record<string, readonly string[]>> = {
  cli: ["command"],
  lambdas: ["handler", "event"],
};

export function checkNames(sources: readonly Source[]): readonly Finding[] {
  return sources
    .filter(({ path }) => !["test", ""].includes(folderOf(path)))
    .flatMap((source) => {
      const own = ownWords[folderOf(source.path)] ?? [];
      return exportedNames(source).flatMap(({ name, node }) =>
        bannedIn(wordsOf(name), own).map((word) =>
          finding(source, node, `exports "${name}": "${word}" is not used here, say ${bannedWords[word]}.`),
        ),
      );
    });
}

/** Headings; "command line" and "event-sourced" are names of their own. */
export function checkHeadings(documents: readonly Document[]): readonly Finding[] {
  return documents.flatMap((document) =>
    headingsOf(document).flatMap(({ text, line }) =>
      bannedIn(wordsOf(text.replace(/command line|event-sourced/gi, "")), []).map((word) => ({
        at: `${document.path}:${line}`,
        what: `the heading "${text}" has "${word}": say ${bannedWords[word]}.`,
      })),
    ),
  );
}

function bannedIn(words: readonly string[], own: readonly string[]): readonly string[] {
  return words.filter((word) => bannedWords[word] !== undefined && !own.includes(word));
}

/** `readHTTPEvents` -> read, http, event: split at humps, lower case, plurals as singulars. */
function wordsOf(name: string): readonly string[] {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2");
  return spaced
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) =>
      word.endsWith("s") && bannedWords[word.slice(0, -1)] !== undefined ? word.slice(0, -1) : word,
    );
}
