/** What is made once and kept while a Lambda is warm. Where making it fails, the next who asks tries again. */
export function openOnce<T>(open: () => Promise<T>): () => Promise<T> {
  let kept: Promise<T> | null = null;
  return () => {
    kept ??= open().catch((error) => {
      kept = null;
      throw error;
    });
    return kept;
  };
}
