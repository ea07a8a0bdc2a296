import type { EventUnit } from "../protocol/events.js";
import type { CallersAndCallees, CodeOwner, SmallNode } from "../protocol/queries.js";
import { drawChart } from "./callers-chart.js";
import { makeText } from "./elements.js";
import { formatCount, formatShare, formatValue } from "./format.js";
import { cleanText } from "./graph-tree.js";
import { OWNER_GROUPS, type Palette } from "./palette.js";
import { makeButton } from "./toolkit.js";

/** Direct callers and callees in the lists; the charts have the rest. */
const LISTED = 30;

export interface CallersActions {
  /** Functions by their index in the recording. */
  readonly pick: (fn: number) => void;
  readonly openSource: (fn: number) => void;
  readonly closed: () => void;
}

/** One function in the middle, who calls it above, what it calls below. */
export class CallersPane {
  readonly element = document.createElement("section");
  readonly #actions: CallersActions;
  readonly #title = document.createElement("div");
  readonly #lists = document.createElement("div");
  readonly #charts = document.createElement("div");
  readonly #back: HTMLElement;
  readonly #history: number[] = [];
  #shown: { answer: CallersAndCallees; unit: EventUnit; palette: Palette } | undefined;
  #chartWidth = 0;

  constructor(actions: CallersActions) {
    this.#actions = actions;
    this.element.className = "callers";
    this.element.setAttribute("aria-label", "Callers and callees");
    this.element.hidden = true;
    this.element.tabIndex = -1;
    this.#title.className = "callers-title";
    this.#lists.className = "callers-lists";
    this.#charts.className = "callers-charts";
    // Keys must be able to scroll it.
    this.#charts.tabIndex = 0;
    this.#charts.setAttribute("role", "group");
    this.#charts.setAttribute("aria-label", "Charts of callers and callees");
    this.#back = makeButton("Back", "The function before", () => this.#goBack());
    const buttons = document.createElement("div");
    buttons.className = "details-buttons";
    const source = makeButton("Open source", "Go to the function's line", () => {
      if (this.function !== undefined) actions.openSource(this.function);
    });
    buttons.append(
      this.#back,
      source,
      makeButton("Close", "Close callers and callees (Esc)", () => this.close()),
    );
    const head = document.createElement("div");
    head.className = "callers-head";
    head.append(this.#title, buttons);
    const body = document.createElement("div");
    body.className = "callers-body";
    body.append(this.#lists, this.#charts);
    this.element.append(head, body);
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
    new ResizeObserver(() => {
      if (this.#charts.clientWidth !== this.#chartWidth) this.#draw();
    }).observe(this.#charts);
  }

  /** The function that is shown; undefined while the pane is closed. */
  get function(): number | undefined {
    return this.#shown?.answer.function.function;
  }

  show(answer: CallersAndCallees, unit: EventUnit, palette: Palette): void {
    if (this.#history.at(-1) !== answer.function.function) this.#history.push(answer.function.function);
    const takeFocus = !this.#shown || this.element.contains(document.activeElement);
    this.#shown = { answer, unit, palette };
    this.element.hidden = false;
    this.#back.hidden = this.#history.length < 2;
    const { name, total, self } = answer.function;
    const share = (value: number) => `${formatValue(value, unit)} (${formatShare(value, answer.total)})`;
    const folded = answer.folded > 0 ? ` · ${formatCount(answer.folded, "small box", "small boxes")} left out` : "";
    this.#title.replaceChildren(
      makeText("details-name", cleanText(name)),
      makeText("details-costs", `Total ${share(total)} · Self ${share(self)}${folded}`),
    );
    this.#lists.replaceChildren(...this.#list("Called by", answer.callers.children), ...this.#list("Calls", answer.callees.children));
    this.#draw();
    if (takeFocus) this.element.focus(); // the button that asked may be gone with its list
  }

  /** After a change of theme. */
  recolor(palette: Palette): void {
    if (!this.#shown) return;
    this.#shown = { ...this.#shown, palette };
    this.#draw();
  }

  close(): void {
    this.element.hidden = true;
    this.#shown = undefined;
    this.#history.length = 0;
    this.#actions.closed();
  }

  #goBack(): void {
    this.#history.pop();
    const before = this.#history.pop();
    if (before !== undefined) this.#actions.pick(before);
  }

  #draw(): void {
    this.#chartWidth = this.#charts.clientWidth;
    if (!this.#shown || this.#chartWidth === 0) return;
    const { answer, palette } = this.#shown;
    const options = {
      width: this.#chartWidth,
      fillOf: (owner: CodeOwner) => palette.groups.find((group) => group.key === owner)?.fill ?? "",
      labelOf: (node: SmallNode) => `${cleanText(node.name)}: ${this.#worth(node)}`,
      onPick: this.#actions.pick,
    };
    this.#charts.style.setProperty("--flame-text", palette.text);
    const callers = drawChart(answer.callers, { ...options, side: "callers" });
    const callees = drawChart(answer.callees, { ...options, side: "callees" });
    this.#charts.replaceChildren(callers, callees);
    this.#charts.scrollTop = callers.offsetHeight - this.#charts.clientHeight / 2;
  }

  #list(title: string, nodes: readonly SmallNode[]): HTMLElement[] {
    const list = document.createElement("ul");
    list.setAttribute("aria-label", title);
    const widest = [...nodes].sort((a, b) => b.value - a.value);
    for (const node of widest.slice(0, LISTED)) {
      const row = document.createElement("button");
      row.append(makeText("callers-name", cleanText(node.name)), makeText("callers-worth", this.#worth(node)));
      row.title = `${cleanText(node.name)} · ${OWNER_GROUPS[node.owner].label}`;
      row.addEventListener("click", () => this.#actions.pick(node.function));
      const item = document.createElement("li");
      item.append(row);
      list.append(item);
    }
    const rest = nodes.length - LISTED;
    const note = nodes.length === 0 ? "Nothing" : rest > 0 ? `and ${rest.toLocaleString("en-US")} more` : "";
    return [makeText("callers-heading", title), list, ...(note === "" ? [] : [makeText("callers-note", note)])];
  }

  #worth(node: SmallNode): string {
    return this.#shown ? `${formatValue(node.value, this.#shown.unit)} (${formatShare(node.value, this.#shown.answer.total)})` : "";
  }
}
