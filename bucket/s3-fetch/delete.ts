/**
 * Deletes objects of S3 over fetch, one by one: a request for many would need a checksum of its own, and a client of direct mode deletes
 * hardly ever. Absent ones are no error.
 */
import { deleteSingly } from "../s3-common/delete-singly.ts";
import { isAbsent } from "../s3-common/fault.ts";
import { faultOf } from "./fault.ts";
import { type Parts, reading } from "./parts.ts";
import { sendRead } from "./request.ts";

/** Gives the service's clock after the last one. */
export async function deleteAll(parts: Parts, keys: readonly string[]): Promise<{ readonly date: number }> {
  const date = await deleteSingly(keys, (key) => deleteOne(parts, key));
  return { date: date ?? parts.clock.date(null) };
}

function deleteOne(parts: Parts, key: string): Promise<number | null> {
  return reading(parts, { doing: "delete", key }, async () => {
    try {
      const answer = await sendRead(parts, { method: "DELETE", key });
      answer.end();
      return answer.date;
    } catch (error) {
      const fault = faultOf(error);
      if (isAbsent(fault)) return fault.date;
      throw error;
    }
  });
}
