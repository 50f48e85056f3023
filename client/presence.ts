/** Whether somebody looks at this page, and when they come back. Where there is no page (Node, a worker, React Native) nothing is known. */
import type { Platform } from "../shared/ports/platform.ts";

export interface Presence {
  isHidden(): boolean;
  /** Calls with the reason when the network comes or goes, or the page is looked at again; answers with how to stop. */
  listen(listener: (reason: string) => void): () => void;
}

export interface ClientPlatform extends Platform {
  /** Of a page; without it the app itself calls `sync.wake` when its user comes back. */
  readonly presence?: Presence;
}

interface Target {
  addEventListener(type: string, listener: (event: { readonly type: string }) => void): void;
  removeEventListener(type: string, listener: (event: { readonly type: string }) => void): void;
}

/** A page's own window. */
export interface PageEngine extends Partial<Target> {
  readonly document?: Target & { readonly visibilityState: string };
}

export function presenceOf(page: PageEngine): Presence | undefined {
  const { document, addEventListener } = page;
  if (!document || !addEventListener) return undefined;
  const isHidden = () => document.visibilityState === "hidden";
  return {
    isHidden,
    listen(listener) {
      const told = ({ type }: { readonly type: string }) => void (isHidden() || listener(type));
      const targets: readonly (readonly [Target, string])[] = [
        [page as Target, "online"],
        // Its status says so at once, not with the next poll.
        [page as Target, "offline"],
        [document, "visibilitychange"],
      ];
      for (const [target, type] of targets) target.addEventListener(type, told);
      return () => {
        for (const [target, type] of targets) target.removeEventListener(type, told);
      };
    },
  };
}
