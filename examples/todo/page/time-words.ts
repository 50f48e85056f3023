/** Times in words, in English like the rest of the page. */

const units: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number])[] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["week", 7 * 86_400],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });
const dayOfYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" });

/** "just now", "12 minutes ago", "yesterday". */
export function ageWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 5) return "just now";
  const [unit, length] = units.find(([, each]) => seconds >= each) ?? ["second", 1];
  return relative.format(-Math.floor(seconds / length), unit);
}

/** "today, 14:03:22", "Monday 3 March, 14:03:22". */
export function momentWords(time: number, now: number): string {
  const at = new Date(time);
  const hour = clock.format(at);
  const today = new Date(now);
  if (at.toDateString() === today.toDateString()) return `today, ${hour}`;
  const format = at.getFullYear() === today.getFullYear() ? day : dayOfYear;
  return `${format.format(at)}, ${hour}`;
}

/** "1 change", "3 changes". */
export function countWords(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
