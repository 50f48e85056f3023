/** Deletes objects one by one, a few at the same time. */
import { s3ParallelDeletes } from "../limits.ts";

/** Gives the service's clock after the last ones; null where it did not say. */
export async function deleteSingly(
  keys: readonly string[],
  deleteOne: (key: string) => Promise<number | null>,
): Promise<number | null> {
  let date: number | null = null;
  for (let i = 0; i < keys.length; i += s3ParallelDeletes) {
    const dates = await Promise.all(keys.slice(i, i + s3ParallelDeletes).map(deleteOne));
    date = dates.find((one) => one !== null) ?? date;
  }
  return date;
}
