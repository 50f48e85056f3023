import { describe, expect, it } from "vitest";
import { fetchBucket } from "../../../fixtures/fetch-bucket.ts";

/** The URL that the bucket asks for, and the region that it signs for. */
async function asked(
  address: string,
  key: string,
): Promise<{ readonly url: string; readonly region: string }> {
  const found = { url: "", region: "" };
  const bucket = fetchBucket(address, {
    fetch: async (url, { headers }) => {
      found.url = url;
      found.region = /Credential=[^/]+\/\d{8}\/([^/]+)\/s3\//.exec(headers.authorization ?? "")?.[1] ?? "";
      return new Response("<Error><Code>NoSuchKey</Code></Error>", { status: 404 });
    },
  });
  await bucket.get(key);
  return { ...found, url: found.url.split("?")[0] ?? "" };
}

describe("The address of an S3 bucket over fetch", () => {
  it.each([
    ["s3://notes?region=eu-central-1", "https://notes.s3.eu-central-1.amazonaws.com/a.json", "eu-central-1"],
    ["s3://notes/team?region=eu-west-3", "https://notes.s3.eu-west-3.amazonaws.com/team/a.json", "eu-west-3"],
    ["s3://notes?region=cn-north-1", "https://notes.s3.cn-north-1.amazonaws.com.cn/a.json", "cn-north-1"],
    ["s3://no.tes?region=eu-west-3", "https://s3.eu-west-3.amazonaws.com/no.tes/a.json", "eu-west-3"],
    [
      "s3://notes?region=eu-west-3&pathStyle=true",
      "https://s3.eu-west-3.amazonaws.com/notes/a.json",
      "eu-west-3",
    ],
    ["s3://notes?endpoint=https://s3.example.org", "https://s3.example.org/notes/a.json", "us-east-1"],
    [
      "s3://notes?endpoint=https://s3.example.org/below/&region=auto",
      "https://s3.example.org/below/notes/a.json",
      "auto",
    ],
    [
      "s3://notes?endpoint=https://s3.example.org:8443&pathStyle=false",
      "https://notes.s3.example.org:8443/a.json",
      "us-east-1",
    ],
    ["s3://notes?endpoint=http://127.0.0.1:7480", "http://127.0.0.1:7480/notes/a.json", "us-east-1"],
  ])("%s leads to %s", async (address, url, region) => {
    expect(await asked(address, "a.json")).toEqual({ url, region });
  });

  it("encodes a key as it is signed", async () => {
    const { url } = await asked("s3://notes?region=eu-west-3", "a b/!'()*+%2F~&=.json");
    expect(new URL(url).pathname).toBe("/a%20b/%21%27%28%29%2A%2B%252F~%26%3D.json");
  });

  it.each([
    ["no region of AWS", "s3://notes", /names no region.*region=NAME/],
    ["plain http to elsewhere", "s3://notes?endpoint=http://s3.example.org", /not encrypted/],
    ["credentials in it", "s3://key:geheim@notes", /must not hold credentials/],
    ["no address at all", "https://notes.s3.amazonaws.com", /no s3:\/\/ address/],
  ])("with %s is refused at once", (_, address, text) => {
    expect(() => fetchBucket(address)).toThrow(text);
  });
});
