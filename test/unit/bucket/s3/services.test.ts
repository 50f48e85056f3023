import { describe, expect, it } from "vitest";
import { knownService } from "../../../../bucket/s3/services.ts";

const silent = { server: null, requestId: "" };

describe("knownService", () => {
  it.each([
    ["s3.eu-central-1.amazonaws.com", "Amazon S3", true],
    ["amazonaws.com", "Amazon S3", true],
    ["s3.cn-north-1.amazonaws.com.cn", "Amazon S3", true],
    ["abc123.r2.cloudflarestorage.com", "Cloudflare R2", true],
    ["abc123.eu.r2.cloudflarestorage.com", "Cloudflare R2", true],
    ["t3.storage.dev", "Tigris", true],
    ["fly.storage.tigris.dev", "Tigris", true],
    ["s3.fr-par.scw.cloud", "Scaleway", true],
    ["s3.gra.io.cloud.ovh.net", "OVHcloud", true],
    ["ams3.digitaloceanspaces.com", "DigitalOcean Spaces", true],
    ["storage.googleapis.com", "Google Cloud Storage", false],
    ["s3.us-west-004.backblazeb2.com", "Backblaze B2", false],
    ["s3.eu-central-1.wasabisys.com", "Wasabi", false],
    ["ns.compat.objectstorage.eu-frankfurt-1.oraclecloud.com", "Oracle Object Storage", false],
  ])("knows %s as %s by its host", (host, name, good) => {
    expect(knownService(host, silent)).toMatchObject({ name, good, note: expect.stringMatching(/\w/) });
  });

  it.each([
    ["AmazonS3", "Amazon S3", true],
    ["MinIO", "MinIO", true],
    ["Ceph Object Gateway (tentacle)", "Ceph object gateway", true],
    ["SeaweedFS 3.80", "SeaweedFS", false],
    ["VERSITYGW", "Versity gateway", false],
    ["WasabiS3/7.20", "Wasabi", false],
    ["Garage", "Garage", false],
  ])("knows a server that calls itself %s as %s", (server, name, good) => {
    expect(knownService("127.0.0.1", { server, requestId: "" })).toMatchObject({ name, good });
  });

  it("knows Ceph's gateway by the form of its ids", () => {
    const requestId = "tx00000a1b2c3d4e5f60718-0066aabbcc-1234-default";
    expect(knownService("127.0.0.1", { server: null, requestId })?.name).toBe("Ceph object gateway");
  });

  it.each([
    ["evilamazonaws.com", silent],
    ["amazonaws.com.example.org", silent],
    ["s3.example.org", { server: "nginx", requestId: "4442587FB7D0A2F9" }],
    ["127.0.0.1", { server: "not MinIO", requestId: "tx-1" }],
  ])("does not know %s with %j", (host, signs) => {
    expect(knownService(host, signs)).toBe(null);
  });

  it("believes a host before a Server header, as a proxy may put in its own", () => {
    expect(knownService("x.digitaloceanspaces.com", { server: "Ceph", requestId: "" })?.name).toBe(
      "DigitalOcean Spaces",
    );
  });
});
