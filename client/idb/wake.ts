/** When a page comes back: shown again, thawed, or from the back-forward cache. Workers and bare engines have no page. */

const names = ["visibilitychange", "resume", "pageshow"] as const;

interface Page {
  addEventListener(name: string, listener: () => void): void;
  removeEventListener(name: string, listener: () => void): void;
}

/** Answers with how to stop. */
export function onReturn(work: () => void): () => void {
  const { document, window } = globalThis as { readonly document?: Page; readonly window?: Page };
  const pages = [document, window].flatMap((page) => (page === undefined ? [] : [page]));
  const each = (change: (page: Page, name: string) => void): void => {
    for (const page of pages) for (const name of names) change(page, name);
  };
  each((page, name) => page.addEventListener(name, work));
  return () => each((page, name) => page.removeEventListener(name, work));
}
