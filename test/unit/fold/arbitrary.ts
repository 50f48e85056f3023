/** Random calls of the sample model: few ids, so that they meet. */
import fc from "fast-check";
import type { Call } from "./sample.ts";

const id = fc.constantFrom("a", "b", "c", "$", "7");
const text = fc.constantFrom("Milk", "Bread", "");
const position = fc.constantFrom("a0", "a1", "a1V", "a2");

export const calls: fc.Arbitrary<Call> = fc.oneof(
  fc.record({ id, title: text }).map((row): Call => ["addTodo", row]),
  fc.record({ id }).map((row): Call => ["completeTodo", row]),
  fc.record({ id }).map((row): Call => ["deleteTodo", row]),
  fc.record({ title: text }).map((row): Call => ["retitle", row]),
  fc.record({ theme: text }).map((row): Call => ["setTheme", row]),
  fc.record({ tag: id, on: fc.boolean() }).map((row): Call => ["tag", row]),
  fc.record({ n: fc.integer({ min: -3, max: 3 }) }).map((row): Call => ["like", row]),
  fc.record({ id, position, text }).map((row): Call => ["addStep", row]),
  fc.record({ id, position }).map((row): Call => ["moveStep", row]),
  fc.record({ id, text }).map((row): Call => ["editStep", row]),
  fc.record({ id }).map((row): Call => ["explode", row]),
);
