import { makeDiv, makeText } from "./elements.js";

/** Tells a cell's time, value and share beside the pointer. */
export class TimeTooltip {
  readonly element = makeDiv("tooltip time-tooltip");

  constructor() {
    this.element.hidden = true;
    this.element.setAttribute("aria-hidden", "true"); // the plot tells the same to screen readers
  }

  show({ time, value, share }: { readonly time: string; readonly value: string; readonly share: string }, x: number, y: number): void {
    this.element.replaceChildren(makeText("tooltip-name", time), makeDiv("tooltip-costs"));
    this.element.lastElementChild?.append(makeText("cost-value", value), makeText("cost-label", share));
    this.element.hidden = false;
    const { offsetWidth, offsetHeight } = this.element;
    const left = Math.max(4, Math.min(x + 14, window.innerWidth - offsetWidth - 8));
    const below = y + 18 + offsetHeight < window.innerHeight - 4;
    this.element.style.transform = `translate(${Math.round(left)}px, ${Math.round(below ? y + 18 : y - offsetHeight - 10)}px)`;
  }

  hide(): void {
    this.element.hidden = true;
  }
}
