/** Part of the bucket contract. List and delete: order, pages, prefixes, and what is gone. */
import { expect, it } from "vitest";
import type { Bucket } from "../shared/ports/bucket.ts";
import { bodyOf, etagOf, listedKeys, textContent } from "./bucket-contract-bodies.ts";

export function describeLists(bucket: () => Bucket): void {
  const keys = ["Z", "a", "a-b/x", "a.b", "a/1", "a/10", "a/2", "a/b/c/d", "a0", "aa/1", "b"];
  const stored = async (folder: string): Promise<readonly string[]> => {
    const full = keys.map((key) => `${folder}/${key}.json`);
    await Promise.all([...full].reverse().map((key) => bucket().putIfAbsent(key, textContent(key))));
    return [...full].sort((a, b) => (a < b ? -1 : 1));
  };

  it("lists every key below a prefix once, in UTF-8 order, with its size", async () => {
    const sorted = await stored("lists-all");
    const { objects, more } = await bucket().list("lists-all/");
    expect(objects.map(({ key }) => key)).toEqual(sorted);
    expect(objects.map(({ bytes }) => bytes)).toEqual(sorted.map((key) => key.length));
    expect(more).toBe(false);
  });

  it("lists by a prefix that ends inside a name", async () => {
    const sorted = await stored("lists-prefix");
    for (const prefix of [
      "lists-prefix/a",
      "lists-prefix/a/1",
      "lists-pref",
      "lists-prefix/a-",
      "lists-prefix/a/b/",
    ])
      expect(await listedKeys(bucket(), prefix)).toEqual(sorted.filter((key) => key.startsWith(prefix)));
    expect(await listedKeys(bucket(), "lists-prefix/a/1.json/")).toEqual([]);
    expect(await listedKeys(bucket(), "lists-nothing/")).toEqual([]);
  });

  it("starts after the given text, whether it is a key or not", async () => {
    const sorted = await stored("lists-after");
    const texts = [
      ...sorted,
      "",
      "lists-after/",
      "lists-after/a",
      "lists-after/a/",
      "lists-after/a/1",
      "lists-after/a/~",
      "m",
    ];
    for (const after of texts) {
      const expected = sorted.filter((key) => key > after);
      expect(await listedKeys(bucket(), "lists-after/", after)).toEqual(expected);
    }
  });

  it("gives pages that put together are the whole list, and says truly whether there is more", async () => {
    const sorted = await stored("lists-pages");
    for (const limit of [1, 2, 3, sorted.length - 1, sorted.length, 1000]) {
      const seen: string[] = [];
      for (let more = true; more; ) {
        const page = await bucket().list("lists-pages/", { after: seen.at(-1) ?? "", limit });
        expect(page.objects.length).toBe(Math.min(limit, sorted.length - seen.length));
        seen.push(...page.objects.map(({ key }) => key));
        more = page.more;
        expect(more).toBe(seen.length < sorted.length);
      }
      expect(seen).toEqual(sorted);
    }
  });

  it("lists a replaced object once, with its new size", async () => {
    const key = "lists-swap/head.json";
    let etag = etagOf(await bucket().putIfAbsent(key, textContent("1")));
    for (let i = 0; i < 3; i++) etag = etagOf(await bucket().putIfMatch(key, textContent("four"), etag));
    const { objects } = await bucket().list("lists-swap/");
    expect(objects).toMatchObject([{ key, bytes: 4 }]);
  });

  it("lists every new object at once after its store", async () => {
    for (let i = 0; i < 40; i++) {
      await bucket().putIfAbsent(`lists-new/${String(i).padStart(3, "0")}.json`, textContent("x"));
      expect(await listedKeys(bucket(), "lists-new/")).toHaveLength(i + 1);
    }
  });
}

export function describeDeletes(bucket: () => Bucket): void {
  it("deletes objects from gets and lists, and minds no absent ones", async () => {
    for (const name of ["a", "b", "c"]) await bucket().putIfAbsent(`deletes/${name}.json`, textContent(name));
    await bucket().delete([
      "deletes/a.json",
      "deletes/never.json",
      "deletes/none/never.json",
      "deletes/b.json",
    ]);
    await bucket().delete(["deletes/a.json"]);
    await bucket().delete([]);
    expect((await bucket().get("deletes/a.json")).is).toBe("absent");
    expect(await listedKeys(bucket(), "deletes/")).toEqual(["deletes/c.json"]);
  });

  it("takes a new object under a deleted key, also where the old one was replaced, and refuses the old etag", async () => {
    const key = "deletes/again.json";
    const first = etagOf(await bucket().putIfAbsent(key, textContent("one")));
    const second = etagOf(await bucket().putIfMatch(key, textContent("two"), first));
    await bucket().delete([key]);
    expect((await bucket().get(key)).is).toBe("absent");
    expect((await bucket().putIfMatch(key, textContent("late"), second)).is).toBe("refused");
    expect(await listedKeys(bucket(), key)).toEqual([]);
    const anew = etagOf(await bucket().putIfAbsent(key, textContent("anew")));
    expect(bodyOf(await bucket().get(key))).toBe("anew");
    expect((await bucket().putIfMatch(key, textContent("late"), second)).is).toBe("refused");
    expect((await bucket().putIfMatch(key, textContent("next"), anew)).is).toBe("stored");
  });
}
