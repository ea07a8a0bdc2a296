/** One line on the terminal that says what is going on; nothing where there is no terminal. */
import type { World } from "./command.js";
import { grouped } from "./numbers.js";

const EVERY_MS = 500;
/** Back to the line's start, and clear it. */
const CLEAR = "\r\u001b[K";

export class Progress {
  readonly #world: World;
  #timer: NodeJS.Timeout | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  preparing(): void {
    this.#draw(() => "Preparing to record; the first time takes some seconds…");
  }

  say(text: string): void {
    this.#draw(() => text);
  }

  recording(figures: () => { readonly samples: number; readonly lost: number }): void {
    const began = performance.now();
    let before = { at: began, samples: 0 };
    this.#draw(() => {
      const now = performance.now();
      const { samples, lost } = figures();
      const rate = now > before.at ? ((samples - before.samples) * 1_000) / (now - before.at) : 0;
      before = { at: now, samples };
      const losses = lost === 0 ? "" : ` · ${grouped(lost)} lost`;
      return `Recording ${Math.floor((now - began) / 1_000)} s · ${grouped(samples)} samples · ${Math.round(rate)}/s${losses} · Ctrl-C ends and writes`;
    });
  }

  close(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#world.err(CLEAR);
  }

  #draw(line: () => string): void {
    if (!this.#world.terminal) return;
    clearInterval(this.#timer);
    this.#world.err(`${CLEAR}${line()}`);
    this.#timer = setInterval(() => this.#world.err(`${CLEAR}${line()}`), EVERY_MS);
  }
}
