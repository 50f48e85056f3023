import { expect, test } from "vitest";
import { goldens } from "../../golden/values.ts";
import { readText } from "./source.ts";

test("docs/protocol.md shows each stored format by an object that was really stored.", () => {
  const shown = [...readText("docs/protocol.md").matchAll(/```json\n([\s\S]*?)```/g)].map(
    (match) => JSON.parse(match[1] ?? "") as unknown,
  );
  const stored = goldens.map(({ name }) => JSON.parse(readText(`test/golden/${name}.json`)) as unknown);
  expect(shown).toHaveLength(stored.length);
  for (const body of stored) expect(shown).toContainEqual(body);
});
