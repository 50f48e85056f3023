/** Where the focus goes when what had it goes away: never to nowhere, or who uses the keyboard has to begin at the top. */

/** To the neighbour of an item that is about to go, or to the input where it was the last. */
export function focusNear(item: HTMLElement | null): void {
  const near = item?.nextElementSibling ?? item?.previousElementSibling;
  const next = near?.querySelector<HTMLElement>(".toggle");
  if (next) next.focus();
  else focusNew();
}

/** To the input for a new item. */
export function focusNew(): void {
  document.querySelector<HTMLElement>(".new-todo")?.focus();
}
