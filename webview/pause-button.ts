import type { RecordingSummary } from "../protocol/queries.js";
import { formatValue } from "./format.js";
import { makeDiv, makeText } from "./elements.js";
import { makeButton } from "./toolkit.js";

/** Holds the graph, the tables and the findings of a recording that runs; recording goes on. There only while one runs. */
export class PauseButton {
  readonly element = makeDiv("pause");
  readonly #button: HTMLElement;
  readonly #words = makeText("pause-words", "");

  constructor(toggle: () => void) {
    this.#button = makeButton("Pause", "", toggle);
    this.#words.setAttribute("role", "status");
    this.element.append(this.#button, this.#words);
    this.element.hidden = true;
  }

  /** `pausedNs` is how long the recording was when it was paused; undefined where it isn't. */
  show(summary: RecordingSummary | null, pausedNs: number | undefined): void {
    this.element.hidden = summary?.live !== true;
    const label = pausedNs === undefined ? "Pause" : "Resume";
    const words = pausedNs === undefined ? "" : `as it was after ${formatValue(pausedNs, "ns")}; the recording goes on`;
    if (this.#button.textContent !== label) this.#button.textContent = label;
    this.#button.title =
      pausedNs === undefined ? "Hold the graph and the tables while the recording goes on" : "Follow the recording again";
    if (this.#words.textContent !== words) this.#words.textContent = words;
  }
}
