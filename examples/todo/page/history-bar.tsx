/** The slider through the list's history, at the foot of the window. */
import { useEffect, useRef } from "react";
import { stepsMax } from "./history-scale.ts";
import { ageWords, momentWords } from "./time-words.ts";
import type { History } from "./use-history.ts";

export function HistoryBar({ history }: { readonly history: History }) {
  const { step, time, openedAt, isBusy, trouble, moveTo, close } = history;
  const slider = useRef<HTMLInputElement>(null);
  useEffect(() => slider.current?.focus(), []);
  const isNow = step === stepsMax;
  const words = isNow ? "Now" : `${ageWords(openedAt - time)} · ${momentWords(time, openedAt)}`;
  return (
    <section
      id="history"
      className="history"
      aria-label="History"
      aria-busy={isBusy}
      onKeyDown={({ key }) => key === "Escape" && leave(close)}
    >
      <div className="history-words">
        <p role="status">
          <strong>{trouble ?? words}</strong>
          {!isNow && trouble === null && <span> {isBusy ? "looking…" : "for reading only"}</span>}
        </p>
        <button type="button" className="bar-button" onClick={() => leave(close)}>
          Back to now
        </button>
      </div>
      <div className="history-slider">
        <span aria-hidden="true">earlier</span>
        <input
          ref={slider}
          type="range"
          min={0}
          max={stepsMax}
          value={step}
          aria-label="Time that is shown"
          aria-valuetext={words}
          onChange={({ currentTarget }) => moveTo(Number(currentTarget.value))}
        />
        <span aria-hidden="true">now</span>
      </div>
    </section>
  );
}

/** The focus goes back to the button that opened it. */
function leave(close: () => void): void {
  document.querySelector<HTMLElement>('[aria-controls="history"]')?.focus();
  close();
}
