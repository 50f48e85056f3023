import { describe, expect, it } from "vitest";
import { parseXml, textIn } from "../../../../bucket/s3-fetch/xml.ts";

const nested = (levels: number): string => `${"<a>".repeat(levels)}x${"</a>".repeat(levels)}`;

describe("parseXml", () => {
  it("reads elements, attributes, empty elements, numbers and the five entities", () => {
    const text = `\uFEFF<?xml version="1.0" encoding="UTF-8"?>\n<R xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
      <K>a&amp;lt;&lt;&gt;&quot;&apos;&#65;&#x1F389;</K><E/><F a='1' /><G></G><L><I>1</I> <I>2</I></L></R>\n`;
    const root = parseXml(text);
    expect(root?.name).toBe("R");
    expect(textIn(root, "K")).toBe("a&lt;<>\"'A🎉");
    expect([textIn(root, "E"), textIn(root, "F"), textIn(root, "G"), textIn(root, "none")]).toEqual([
      "",
      "",
      "",
      null,
    ]);
    expect(root?.children.find(({ name }) => name === "L")?.children.map((item) => item.text)).toEqual([
      "1",
      "2",
    ]);
  });

  it("keeps white space of a text as it is", () => {
    expect(parseXml("<K> a\n b </K>")?.text).toBe(" a\n b ");
  });

  it.each([
    ["nothing", ""],
    ["a text", "hello"],
    ["a web page", "<!doctype html><p>Welcome"],
    ["a page of tags", "<html><body><br><p>x</p></body></html>"],
    ["JSON", '{"Code":"NoSuchKey"}'],
    ["an element that is not closed", "<a><b>x</b>"],
    ["a tag that is cut", "<a><b>x</b></a"],
    ["a text that is cut", "<a>x"],
    ["crossed elements", "<a><b></a></b>"],
    ["another end", "<a></b>"],
    ["an end alone", "</a>"],
    ["two roots", "<a/><b/>"],
    ["text behind the root", "<a/>x"],
    ["text between elements", "<a>x<b/></a>"],
    ["an unknown entity", "<a>&nbsp;</a>"],
    ["an entity without its end", "<a>& b</a>"],
    ["a number that is no sign", "<a>&#x110000;</a>"],
    ["half a pair", "<a>&#xD800;</a>"],
    ["a DOCTYPE with entities", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
    ["a comment", "<a><!-- b --></a>"],
    ["CDATA", "<a><![CDATA[b]]></a>"],
    ["an end with attributes", '<a></a b="1">'],
    ["an attribute without quotes", "<a b=1/>"],
    ["more levels than S3 has", nested(17)],
  ])("takes %s for no answer of S3's", (_, text) => {
    expect(parseXml(text)).toBe(null);
  });

  it("reads every prefix of an answer as no answer, and none of them slowly", () => {
    const whole = `<?xml version="1.0"?><R><N>b&amp;</N>${"<C><K>k</K><S>1</S></C>".repeat(20)}<T>false</T></R>`;
    for (let length = 0; length < whole.length; length++) expect(parseXml(whole.slice(0, length))).toBe(null);
    expect(parseXml(whole)?.children).toHaveLength(22);
  });

  it("reads a page of a thousand long keys, and refuses a long one that is broken, in linear time", () => {
    const object = `<Contents><Key>${"%C3%BC".repeat(500)}</Key><Size>1</Size></Contents>`;
    const begun = performance.now();
    expect(parseXml(`<R>${object.repeat(1_000)}</R>`)?.children).toHaveLength(1_000);
    for (const broken of ["<".repeat(500_000), `<a${" b".repeat(250_000)}`, "&".repeat(500_000)])
      expect(parseXml(`<R>${broken}`)).toBe(null);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});
