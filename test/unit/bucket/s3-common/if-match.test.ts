import { describe, expect, it } from "vitest";
import { createIfMatch, isEtag } from "../../../../bucket/s3-common/if-match.ts";
import type { IfMatchSpelling, WriteAnswer } from "../../../../shared/ports/bucket.ts";

/** One object behind a rule for the header: what is sent, and what others do between two requests. */
function newObject({ wants, etag = '"v1"' }: { readonly wants: IfMatchSpelling; readonly etag?: string }) {
  const sent: string[] = [];
  const object = { etag, sent, heads: 0, between: (): void => undefined };
  const ask = {
    send: async (spelt: string): Promise<WriteAnswer> => {
      sent.push(spelt);
      const wanted = wants === "quoted" ? object.etag : object.etag.replaceAll('"', "");
      if (spelt !== wanted) return { is: "refused", date: 0 };
      object.etag = `"v${sent.length + 1}"`;
      return { is: "stored", etag: object.etag, date: 0 };
    },
    current: async (): Promise<string | null> => {
      object.heads++;
      const seen = object.etag;
      object.between();
      return seen;
    },
  };
  return { object, ask };
}

describe("If-Match", () => {
  it("is sent as the etag came, and once that worked nothing is asked any more", async () => {
    const { object, ask } = newObject({ wants: "quoted" });
    const ifMatch = createIfMatch();
    expect(ifMatch.known()).toBe(null);
    expect((await ifMatch.swap('"v1"', undefined, ask)).is).toBe("stored");
    expect(ifMatch.known()).toBe("quoted");
    expect((await ifMatch.swap('"v1"', undefined, ask)).is).toBe("refused");
    expect(object).toMatchObject({ sent: ['"v1"', '"v1"'], heads: 0 });
  });

  it("is sent without quotes where it was refused although the etag is still the same, and from then on", async () => {
    const { object, ask } = newObject({ wants: "unquoted" });
    const ifMatch = createIfMatch();
    expect(await ifMatch.swap('"v1"', undefined, ask)).toMatchObject({ is: "stored", etag: '"v3"' });
    expect(ifMatch.known()).toBe("unquoted");
    expect((await ifMatch.swap('"v3"', undefined, ask)).is).toBe("stored");
    expect(object).toMatchObject({ sent: ['"v1"', "v1", "v3"], heads: 1 });
  });

  it("begins with the spelling that it is told, and is right in the end where that is wrong", async () => {
    const told = newObject({ wants: "unquoted" });
    expect((await createIfMatch().swap('"v1"', "unquoted", told.ask)).is).toBe("stored");
    expect(told.object).toMatchObject({ sent: ["v1"], heads: 0 });
    const lied = newObject({ wants: "quoted" });
    const ifMatch = createIfMatch();
    expect((await ifMatch.swap('"v1"', "unquoted", lied.ask)).is).toBe("stored");
    expect(lied.object).toMatchObject({ sent: ["v1", '"v1"'], heads: 1 });
    expect(ifMatch.known()).toBe("quoted");
    expect((await ifMatch.swap(lied.object.etag, "unquoted", lied.ask)).is).toBe("stored");
    expect(lied.object.sent).toHaveLength(3);
  });

  it("is not sent again where somebody else has won", async () => {
    const { object, ask } = newObject({ wants: "unquoted", etag: '"other"' });
    const ifMatch = createIfMatch();
    expect((await ifMatch.swap('"v1"', undefined, ask)).is).toBe("refused");
    expect(object).toMatchObject({ sent: ['"v1"'], heads: 1, etag: '"other"' });
    expect(ifMatch.known()).toBe(null);
  });

  it("is not sent again where the object is gone", async () => {
    const { object, ask } = newObject({ wants: "unquoted" });
    const answer = await createIfMatch().swap('"v1"', undefined, { ...ask, current: async () => null });
    expect([answer.is, object.sent]).toEqual(["refused", ['"v1"']]);
  });

  it("loses, under both spellings, to a writer that wins between the question and the second try", async () => {
    for (const wants of ["quoted", "unquoted"] as const) {
      const { object, ask } = newObject({ wants });
      object.between = () => {
        object.etag = '"theirs"';
      };
      const told = wants === "quoted" ? "unquoted" : "quoted";
      const ifMatch = createIfMatch();
      expect((await ifMatch.swap('"v1"', told, ask)).is).toBe("refused");
      expect(object.etag).toBe('"theirs"');
      expect(ifMatch.known()).toBe(null);
    }
  });

  it("leaves an unknown answer unknown, the first and the second, and learns nothing from it", async () => {
    const unknown: WriteAnswer = { is: "unknown", why: "no answer", date: 0 };
    const { object, ask } = newObject({ wants: "unquoted" });
    const ifMatch = createIfMatch();
    expect(await ifMatch.swap('"v1"', undefined, { ...ask, send: async () => unknown })).toBe(unknown);
    expect(object.heads).toBe(0);
    const send = async (spelt: string): Promise<WriteAnswer> => (spelt === "v1" ? unknown : ask.send(spelt));
    expect(await ifMatch.swap('"v1"', undefined, { ...ask, send })).toBe(unknown);
    expect(ifMatch.known()).toBe(null);
  });

  it("keeps what it knows when two first swaps at once learn it", async () => {
    const { object, ask } = newObject({ wants: "unquoted" });
    const ifMatch = createIfMatch();
    const answers = await Promise.all([1, 2, 3].map(() => ifMatch.swap('"v1"', undefined, ask)));
    expect(answers.filter(({ is }) => is === "stored")).toHaveLength(1);
    expect(answers.filter(({ is }) => is === "refused")).toHaveLength(2);
    expect(ifMatch.known()).toBe("unquoted");
    expect(object.sent.filter((spelt) => spelt === "v1").length).toBeGreaterThan(0);
  });

  it("gets quotes where the service gave none and wants some", async () => {
    const { object, ask } = newObject({ wants: "unquoted" });
    expect((await createIfMatch().swap("v1", undefined, { ...ask, current: async () => "v1" })).is).toBe(
      "stored",
    );
    expect(object.sent).toEqual(['"v1"', "v1"]);
  });
});

describe("isEtag", () => {
  it.each(['"abc"', '"d41d8cd98f00b204e9800998ecf8427e-2"', 'W/"abc"', "abc", '"a/b+c=="'])(
    "takes %s",
    (etag) => {
      expect(isEtag(etag)).toBe(true);
    },
  );

  it.each(["", "*", '"*"', '""', '"a", "b"', '"a"b"', "a b", '"a\nb"', 'x"abc"', '"abc', "a,b", " "])(
    "refuses %j, which would match what was not meant",
    (etag) => {
      expect(isEtag(etag)).toBe(false);
    },
  );
});
