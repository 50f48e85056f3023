/** Numbers as people write and read them. */
import { UsageError } from "./errors.ts";
import { quoted } from "./screen.ts";

/** A number from an option: at least `min`, whole unless `fraction`. */
export function toNumber(
  text: string,
  {
    name,
    min,
    fraction = false,
  }: { readonly name: string; readonly min: number; readonly fraction?: boolean },
): number {
  const shape = fraction ? /^\d+(?:\.\d+)?$/ : /^\d+$/;
  const value = shape.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= Number.MAX_SAFE_INTEGER) return value;
  const kind = fraction ? "a number" : "a whole number";
  throw new UsageError(`${name} is ${quoted(text, 40)}`, `Give ${kind} from ${min}.`);
}

/** "1 update", "1,234 updates". */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

/** "812 B", "1.4 MiB". */
export function bytesText(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  const step = bytes < 1_024 ** 2 ? 1 : bytes < 1_024 ** 3 ? 2 : 3;
  return `${(bytes / 1_024 ** step).toFixed(1)} ${["B", "KiB", "MiB", "GiB"][step]}`;
}
