/** Deletes objects of S3, many with one request; one by one where a service does not take that. Absent ones are no error. */
import { DeleteObjectCommand, DeleteObjectsCommand } from "@aws-sdk/client-s3";
import { s3DeleteKeysMax } from "../limits.ts";
import { deleteSingly } from "../s3-common/delete-singly.ts";
import { type Fault, isAbsent, isPassing } from "../s3-common/fault.ts";
import { answerDate } from "./client.ts";
import { faultOf } from "./fault.ts";
import { at, type Parts, reading } from "./parts.ts";

/** Gives the service's clock after the last one. */
export async function deleteAll(parts: Parts, keys: readonly string[]): Promise<{ readonly date: number }> {
  let date: number | null = null;
  for (let i = 0; i < keys.length; i += s3DeleteKeysMax) {
    const group = keys.slice(i, i + s3DeleteKeysMax);
    const answer = await deleteGroup(parts, group);
    date = answer.taken ? answer.date : await deleteSingly(group, (key) => deleteOne(parts, key));
  }
  return { date: date ?? parts.platform.now() };
}

type GroupAnswer = { readonly taken: true; readonly date: number | null } | { readonly taken: false };

function deleteGroup(parts: Parts, keys: readonly string[]): Promise<GroupAnswer> {
  const { client, location } = parts;
  const Delete = { Objects: keys.map((key) => ({ Key: at(parts, key).Key })), Quiet: true };
  return reading(parts, { doing: "delete objects" }, async () => {
    try {
      const output = await client.send(new DeleteObjectsCommand({ Bucket: location.bucket, Delete }));
      const failed = output.Errors?.find(({ Code }) => Code !== "NoSuchKey");
      if (failed)
        throw Object.assign(new Error("a delete failed"), { Code: failed.Code, ...insideGoodAnswer });
      return { taken: true, date: answerDate(output) };
    } catch (error) {
      if (refusesGroups(faultOf(error))) return { taken: false };
      throw error;
    }
  });
}

/** Inside of a good answer the service says why by a code alone. */
const insideGoodAnswer = { $metadata: { httpStatusCode: 403 } };

/**
 * Some want an MD5 that the SDK sends no more, or have no such request at all, and say so in many words. What is wrong with the
 * credentials or the bucket instead is said again to the first single delete.
 */
function refusesGroups(fault: Fault): boolean {
  return !isPassing(fault) && [400, 405, 411, 501].includes(fault.status ?? 0);
}

function deleteOne(parts: Parts, key: string): Promise<number | null> {
  return reading(parts, { doing: "delete", key }, async () => {
    try {
      return answerDate(await parts.client.send(new DeleteObjectCommand(at(parts, key))));
    } catch (error) {
      const fault = faultOf(error);
      if (isAbsent(fault)) return fault.date;
      throw error;
    }
  });
}
