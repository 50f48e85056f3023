/** The README's TypeScript as files of an app. */

export interface AppFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Each block that imports something begins a file; one that imports nothing goes on with the file before it. A file is named after the first
 * thing that it exports, as other blocks import it (`model` is `./model.ts`), else by its number.
 */
export function readmeFiles(readme: string): readonly AppFile[] {
  const texts: string[] = [];
  for (const [, code = ""] of readme.matchAll(/```ts\n([\s\S]*?)```/g)) {
    const before = texts.at(-1);
    if (before === undefined || /^import /m.test(code)) texts.push(code);
    else texts[texts.length - 1] = `${before}\n${code}`;
  }
  return texts.map((text, i) => {
    const name = /^export (?:const|function|class) (\w+)/m.exec(text)?.[1];
    return { path: `${name ?? `readme-${i + 1}`}.ts`, text };
  });
}

/** A file of this repository as an app writes it: the package by its names, the README's model beside it. */
export function asApp(text: string, sources: ReadonlyMap<string, string>): string {
  return text
    .replace(/"(?:\.\.\/)+unit\/house\/readme-example\.ts"/g, '"./model.ts"')
    .replace(/"(?:\.\.\/)+([\w/-]+\/index\.ts)"/g, (whole, path: string) => {
      const name = sources.get(path);
      return name === undefined ? whole : `"${name}"`;
    });
}
