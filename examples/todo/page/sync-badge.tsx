/** The badge: whether everything is synchronised, and on demand the details. */
import { shallowEqual } from "../../../client/react/index.ts";
import { useOpenStore, useProblems, useSyncStatus } from "./hooks.ts";
import { type ReleaseWatch, useRelease } from "./release.ts";
import { syncWords } from "./sync-words.ts";
import { ageWords, countWords } from "./time-words.ts";
import { useNow } from "./use-now.ts";
import { useOnline } from "./use-online.ts";

export function SyncBadge({ release }: { readonly release: ReleaseWatch }) {
  const online = useOnline();
  const words = useSyncStatus((status) => syncWords(status, online), shallowEqual);
  const problems = useProblems().length;
  const isNewer = useRelease(release);
  return (
    <div className="bar-right">
      {isNewer && (
        <button type="button" className="bar-button new-release" onClick={release.takeOver}>
          New version: reload
        </button>
      )}
      <details
        className={`sync ${problems > 0 && words.tone === "good" ? "loud" : words.tone}`}
        onBlur={({ currentTarget, relatedTarget }) => {
          if (!currentTarget.contains(relatedTarget)) currentTarget.open = false;
        }}
        onKeyDown={({ key, currentTarget }) => {
          if (key !== "Escape" || !currentTarget.open) return;
          currentTarget.querySelector("summary")?.focus();
          currentTarget.open = false;
        }}
      >
        <summary>
          <span className="dot" aria-hidden="true" />
          {words.short}
          {problems > 0 && ` · ${countWords(problems, "conflict")}`}
        </summary>
        {/* Focusable, so that a click on its text does not count as leaving it. */}
        <div className="sync-details" tabIndex={-1}>
          <p>{words.long}</p>
          {problems > 0 && <p>{countWords(problems, "conflict")} to decide, shown above the list.</p>}
          <LastSynced />
          <SyncNow />
        </div>
      </details>
      <p className="visually-hidden" role="status">
        {words.spoken}
      </p>
    </div>
  );
}

function LastSynced() {
  const syncedAt = useSyncStatus(({ syncedAt: at }) => at);
  const now = useNow(5_000);
  return (
    <p>{syncedAt === null ? "Not synchronised yet." : `Last synchronised ${ageWords(now - syncedAt)}.`}</p>
  );
}

function SyncNow() {
  const store = useOpenStore();
  return (
    <button type="button" className="bar-button" onClick={() => store.sync.wake("user")}>
      Synchronise now
    </button>
  );
}
