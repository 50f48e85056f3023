import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseS3Location } from "../../../../bucket/s3-common/location.ts";
import { StoreError } from "../../../../shared/errors.ts";

const errorOf = (text: string): StoreError => {
  try {
    parseS3Location(text);
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error(`${text} was taken`);
};

describe("parseS3Location", () => {
  it("takes a bucket alone as one on AWS, with the SDK's own checksums", () => {
    expect(parseS3Location("s3://notes")).toEqual({
      name: "s3://notes",
      bucket: "notes",
      prefix: "",
      endpoint: null,
      region: null,
      pathStyle: false,
      checksums: "supported",
    });
  });

  it("takes an endpoint as a service that wants its buckets in the path and no checksums that were not asked for", () => {
    expect(parseS3Location("s3://notes/team?endpoint=https://s3.example.org&region=eu-1")).toMatchObject({
      prefix: "team/",
      endpoint: "https://s3.example.org",
      region: "eu-1",
      pathStyle: true,
      checksums: "required",
    });
    const chosen = "s3://notes?endpoint=https://s3.example.org&pathStyle=false&checksums=supported";
    expect(parseS3Location(chosen)).toMatchObject({ pathStyle: false, checksums: "supported" });
  });

  it.each([
    ["s3://notes/", ""],
    ["s3://notes//", ""],
    ["s3://notes/a", "a/"],
    ["s3://notes/a/", "a/"],
    ["s3://notes/a/b//", "a/b/"],
    ["s3://notes//a", "a/"],
    ["s3://notes/my%20team", "my team/"],
    ["s3://notes/my team", "my team/"],
    ["s3://notes/100%25", "100%/"],
    ["s3://notes/a+b", "a+b/"],
    ["s3://notes/a%2Fb", "a/b/"],
    ["s3://notes/a&b=c", "a&b=c/"],
    ["s3://notes/Team", "Team/"],
    ["s3://notes/a?region=x", "a/"],
  ])("reads the prefix of %s", (text, prefix) => {
    expect(parseS3Location(text).prefix).toBe(prefix);
  });

  it("keeps the bucket's name as it was written, capitals too", () => {
    expect(parseS3Location("s3://My_Old.Bucket-1").bucket).toBe("My_Old.Bucket-1");
  });

  it.each([
    ["http://127.0.0.1:7480", "http://127.0.0.1:7480"],
    ["http://127.0.0.1:7480/", "http://127.0.0.1:7480"],
    ["http://127.8.9.1", "http://127.8.9.1"],
    ["http://localhost:9000//", "http://localhost:9000"],
    ["http://LOCALHOST:9000", "http://localhost:9000"],
    ["http://[::1]:9000", "http://[::1]:9000"],
    ["https://s3.example.org:8443/base/s3/", "https://s3.example.org:8443/base/s3"],
    ["HTTPS://S3.Example.ORG", "https://s3.example.org"],
    ["https%3A%2F%2Fs3.example.org", "https://s3.example.org"],
  ])("takes %s as an endpoint", (endpoint, read) => {
    expect(parseS3Location(`s3://notes?endpoint=${endpoint}`).endpoint).toBe(read);
  });

  it.each([
    "http://s3.example.org",
    "http://localhost.example.org",
    "http://127.0.0.1.example.org",
    "http://10.0.0.1",
    "http://0.0.0.0",
    "http://[::2]",
    "http://[::ffff:10.0.0.1]",
  ])("refuses %s, which is neither encrypted nor this machine", (endpoint) => {
    expect(errorOf(`s3://notes?endpoint=${endpoint}`).message).toMatch(/not encrypted.*https/);
  });

  it.each([
    ["", /no s3:\/\/ address/],
    ["notes", /no s3:\/\/ address/],
    ["s3:notes", /no s3:\/\/ address/],
    ["s3:/notes", /no s3:\/\/ address/],
    ["S3://notes", /no s3:\/\/ address/],
    ["https://notes/a", /no s3:\/\/ address/],
    [" s3://notes", /no s3:\/\/ address/],
    ["s3://notes#a", /no s3:\/\/ address.*%23/],
    ["s3://notes/a#b", /no s3:\/\/ address/],
    ["s3://no\ntes", /no s3:\/\/ address/],
    ["s3://notes/\u001b[31m", /no s3:\/\/ address/],
    ["s3://", /"" is no bucket's name/],
    ["s3:///a", /"" is no bucket's name/],
    ["s3://a", /no bucket's name/],
    ["s3://-notes", /no bucket's name/],
    ["s3://no tes", /no bucket's name/],
    ["s3://nötes", /no bucket's name/],
    [`s3://${"n".repeat(64)}`, /no bucket's name/],
    ["s3://notes:9000/a", /no port/],
    ["s3://[::1]", /no port/],
    ["s3://notes--use1-az4--x-s3", /directory bucket.*no order/],
    ["s3://notes/a//b", /cannot stand before keys/],
    ["s3://notes/../b", /cannot stand before keys/],
    ["s3://notes/a/../b", /cannot stand before keys/],
    ["s3://notes/a/%2e%2e/b", /cannot stand before keys/],
    ["s3://notes/.hidden", /cannot stand before keys/],
    ["s3://notes/a.versions", /cannot stand before keys/],
    ["s3://notes/ü", /cannot stand before keys/],
    ["s3://notes/a%0Ab", /cannot stand before keys/],
    ["s3://notes/a%00", /cannot stand before keys/],
    ["s3://notes/a\\b", /cannot stand before keys/],
    ["s3://notes/100%", /not well encoded.*%25/],
    ["s3://notes/%ff", /not well encoded/],
    ["s3://notes?endpoint=", /no web address/],
    ["s3://notes?endpoint=s3.example.org", /no web address.*scheme/],
    ["s3://notes?endpoint=localhost:9000", /no web address/],
    ["s3://notes?endpoint=ftp://s3.example.org", /no web address/],
    ["s3://notes?endpoint=https://s3.example.org/?a=b", /no query/],
    ["s3://notes?endpoint=https://s3.example.org/%23a", /no query/],
    ["s3://notes?region=", /"" is no region/],
    ["s3://notes?region=eu%20west", /"eu west" is no region/],
    ["s3://notes?region=eu-1&region=eu-2", /region is given twice/],
    ["s3://notes?pathstyle=true", /"pathstyle" is no parameter.*pathStyle/],
    ["s3://notes?pathStyle=yes", /pathStyle is "yes".*true or false/],
    ["s3://notes?checksums=", /checksums is "".*supported or required/],
  ])("refuses %j and says what is wrong", (text, what) => {
    const error = errorOf(text);
    expect(error.kind).toBe("rejected");
    expect(error.message).toMatch(what);
    expect(error.message).not.toMatch(/\p{Cc}/u);
  });

  it.each([
    "s3://id:geheim@notes",
    "s3://geheim@notes",
    "s3://:geheim@notes/a?region=x",
    "s3://id:ge/heim@notes",
    "s3://notes?endpoint=https://id:geheim@s3.example.org",
    "s3://notes?endpoint=http://id:geheim@s3.example.org",
    "s3://notes?accessKeyId=id&secretAccessKey=geheim",
    "s3://notes?secret=geheim",
    "s3://notes?wJalrXUtnFEMI/K7MDENG/geheim",
    "s3://notes?geheim0123456789geheim0123456789geheim0=",
  ])("refuses %s, says where credentials come from, and repeats none", (text) => {
    const { message, fix, what } = errorOf(text);
    expect([message, fix, what].join()).not.toMatch(/geheim|ge\/heim/);
    expect(message).toMatch(/credentials/);
  });

  it("takes or refuses any text with a StoreError, and what it takes leads to valid keys and no other host", () => {
    const piece = fc.constantFrom(
      "s3://",
      "/",
      "?",
      "&",
      "=",
      "#",
      "@",
      ":",
      "..",
      "%",
      "%20",
      "endpoint",
      "a",
      "notes",
      "http://",
      "localhost",
      "é",
      "\n",
      "\\",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 12 }), (pieces) => {
        const text = `s3://${pieces.join("")}`;
        try {
          const { bucket, prefix, endpoint, name } = parseS3Location(text);
          expect(name).toBe(text);
          expect(bucket).toMatch(/^[A-Za-z0-9._-]{3,63}$/);
          expect(text.startsWith(`s3://${bucket}`)).toBe(true);
          expect(prefix).toMatch(/^(?:|(?!\.)[ -~]*[^/]\/)$/);
          if (endpoint?.startsWith("http:"))
            expect(new URL(endpoint).hostname).toMatch(/^(?:localhost|127\.|\[::1\])/);
        } catch (error) {
          expect(error).toBeInstanceOf(StoreError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
