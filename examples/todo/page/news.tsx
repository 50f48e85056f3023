/** One line about what somebody else did. */
import type { NewsOfOthers } from "./use-news.ts";

export function News({ news }: { readonly news: NewsOfOthers }) {
  return (
    <p className={news.isShown ? "news shown" : "news"} role="status">
      {news.text}
    </p>
  );
}
