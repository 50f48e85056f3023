/** Where the focus goes when what had it goes away: never to nowhere, or who uses the keyboard has to begin at the top. */

/** To the same part of the neighbour of an item that is about to go, or to the input where it was the last. */
export function focusNear(item: HTMLElement | null, part: ".toggle" | "button"): void {
  const near = item?.nextElementSibling ?? item?.previousElementSibling;
  const next = near?.querySelector<HTMLElement>(part);
  if (next) next.focus();
  else focusNew();
}

/** To the input for a new item. */
export function focusNew(): void {
  document.querySelector<HTMLElement>(".new-todo")?.focus();
}
