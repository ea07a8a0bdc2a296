import { rangeWords } from "../profile/time-words.js";
import { EVENT_WORDS, formatShare, formatValue } from "./format.js";
import { sumIn, type TimeChart } from "./time-chart.js";

/** Rows that can be listened to. */
const ROWS = 20;

/** The heat map as a table for who can't see it: the same time in at most twenty parts. */
export function fillTimeTable(table: HTMLTableElement, chart: TimeChart): void {
  const step = Math.ceil(chart.columns / ROWS);
  const key = `${chart.fromNs} ${chart.columnNs} ${chart.columns} ${chart.event} ${chart.total}`;
  if (table.dataset["shown"] === key) return;
  table.dataset["shown"] = key;
  const parts = Array.from({ length: Math.ceil(chart.columns / step) }, (_, part) => {
    const fromNs = chart.fromNs + part * step * chart.columnNs;
    return { fromNs, toNs: Math.min(chart.durationNs, fromNs + step * chart.columnNs) };
  });
  const caption = table.createCaption();
  caption.textContent = `${EVENT_WORDS[chart.event]} by time`;
  const head = row("th", ["Time", "Value", "Of all"]);
  const rows = parts.map((part) => {
    const sum = sumIn(chart, part);
    return row("td", [rangeWords(part, chart.durationNs), formatValue(sum, chart.unit), formatShare(sum, chart.total)]);
  });
  table.replaceChildren(caption, head, ...rows);
}

function row(tag: "th" | "td", texts: readonly string[]): HTMLTableRowElement {
  const element = document.createElement("tr");
  for (const text of texts) {
    const cell = document.createElement(tag);
    if (tag === "th") cell.setAttribute("scope", "col");
    cell.textContent = text;
    element.append(cell);
  }
  return element;
}
