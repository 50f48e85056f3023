import { expect, test } from "vitest";
import { spread } from "../../../scripts/test-order.ts";

const filesOf = (project: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${project} ${i}`);
const projectOf = (file: string) => file.split(" ")[0] ?? "";

test("Every file is there once, those of one project in their order.", () => {
  const files = [...filesOf("local", 40), ...filesOf("pages", 4), ...filesOf("s3", 7)];
  const order = spread(files, projectOf);
  expect([...order].sort()).toEqual([...files].sort());
  for (const project of ["local", "pages", "s3"])
    expect(order.filter((file) => projectOf(file) === project)).toEqual(
      files.filter((file) => projectOf(file) === project),
    );
});

test("Files of the smaller projects never follow one another closely, and none is left for the end.", () => {
  const order = spread([...filesOf("local", 40), ...filesOf("pages", 4)], projectOf);
  const places = order.flatMap((file, i) => (projectOf(file) === "pages" ? [i] : []));
  expect(places.map((place) => Math.round(place / 8))).toEqual([0, 1, 2, 3]);
  expect(order.length - (places.at(-1) ?? 0)).toBeGreaterThan(15);
});

test("One project alone keeps its order, and no files are no trouble.", () => {
  expect(spread(filesOf("pages", 3), projectOf)).toEqual(filesOf("pages", 3));
  expect(spread([], projectOf)).toEqual([]);
});
