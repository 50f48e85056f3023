/**
 * The order of test files: those that drive browsers or wait for a server are spread among the others, instead of one project after the
 * other. So no three browsers are at work at once on two cores, where each makes the others wait, and what waits leaves room for what
 * computes. They are begun before the last of the others, which are short: no long one is left alone at the end.
 */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** How far into the others' files the last of a spread project begins. */
const spreadOver = 0.75;

export class SpreadOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return spread(await super.sort(files), ({ project }) => project.name);
  }
}

/** All of them once, those of one project in their order; the project with the most files is the one among which others are spread. */
export function spread<T>(files: readonly T[], projectOf: (file: T) => string): T[] {
  const projects = new Map<string, T[]>();
  for (const file of files) projects.set(projectOf(file), [...(projects.get(projectOf(file)) ?? []), file]);
  const most = Math.max(...[...projects.values()].map(({ length }) => length));
  const placed = [...projects.values()].flatMap((own) => {
    const share = own.length === most ? 1 : spreadOver;
    return own.map((file, i) => ({ file, place: (i / own.length) * share }));
  });
  return placed.sort((a, b) => a.place - b.place).map(({ file }) => file);
}
