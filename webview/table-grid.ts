import { makeDiv, makeText } from "./elements.js";
import { formatShare, formatValue } from "./format.js";
import { type SortKey, type Sorting, type TableRows } from "./table-rows.js";
import { changeText, type Compared, intervalText, verdictOf } from "./table-difference.js";
import type { TableKind } from "../protocol/tables.js";

/** Height of a row, CSS pixels; style.css has it, too. */
const ROW_PX = 22;
/** Rows that are drawn above and below what is seen, so that scrolling shows no gap. */
const SPARE_ROWS = 8;

export interface GridActions {
  /** The user went to a row; with the mouse they also want to see its source. */
  readonly pick: (row: number, byMouse: boolean) => void;
  readonly open: (row: number) => void;
  readonly sort: (key: SortKey) => void;
}

type Column = readonly [key: SortKey, label: string];
const [SELF, TOTAL]: readonly Column[] = [
  ["self", "Self"],
  ["total", "Total"],
];
const COLUMNS: Readonly<Record<TableKind, readonly (Column | undefined)[]>> = {
  functions: [SELF, TOTAL, ["name", "Function"], ["place", "Place"]],
  lines: [SELF, TOTAL, ["name", "Line"], ["place", "Function"]],
  files: [SELF, TOTAL, ["name", "File"]],
  modules: [SELF, TOTAL, ["name", "Module"]],
  threads: [TOTAL, ["name", "Thread"], ["place", "Process"]],
  waits: [TOTAL, ["name", "Waits for"]],
};

/** In a comparison the name comes first: the numbers alone fill a narrow panel. */
const CHANGES: readonly Column[] = [
  ["base", "Before"],
  ["next", "After"],
  ["change", "Change"],
  ["relative", "Relative"],
  ["verdict", "More than noise?"],
];

/** A table of any length, of which only the rows that are seen are in the page. The grid has the focus and points to its selected row. */
export class TableGrid {
  readonly element = makeDiv("table-grid", "grid");
  readonly #head = makeDiv("table-row table-head", "row");
  readonly #body = makeDiv("table-body", "rowgroup");
  readonly #actions: GridActions;
  #table: TableRows | undefined;
  #order: Int32Array = new Int32Array(0);
  #sorting: Sorting = { key: "self", falling: true };
  #compared: Compared = "total";
  /** Place in the order; -1 where no row is selected. */
  #selected = -1;
  #drawn = "";

  constructor(actions: GridActions) {
    this.#actions = actions;
    this.element.tabIndex = 0;
    this.element.append(this.#head, this.#body);
    this.element.addEventListener("scroll", () => requestAnimationFrame(() => this.#draw()));
    new ResizeObserver(() => this.#draw()).observe(this.element);
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.#body.addEventListener("click", (event) => this.#atPointer(event, (place) => this.#go(place, true)));
    this.#body.addEventListener("dblclick", (event) => this.#atPointer(event, (place) => this.#actions.open(this.#row(place))));
  }

  /** Shows rows in an order; the row `selected` (index in the table, or -1) is marked, and stays where the reader is. */
  show(table: TableRows | undefined, order: Int32Array, sorting: Sorting, selected: number, compared: Compared): void {
    this.#table = table;
    this.#compared = compared;
    this.element.toggleAttribute("data-compared", table?.changes !== undefined);
    this.#order = order;
    this.#sorting = sorting;
    this.#selected = order.indexOf(selected);
    this.element.setAttribute("aria-label", table ? `Table of ${table.info.kind}` : "Table");
    this.element.setAttribute("aria-rowcount", String(order.length + 1));
    this.#body.style.height = `${order.length * ROW_PX}px`;
    this.#showHead();
    this.#drawn = "";
    this.#draw();
  }

  /** Marks a row (index in the table) and scrolls to it; the keyboard stays where it is. */
  select(row: number): void {
    this.#selected = this.#order.indexOf(row);
    if (this.#selected >= 0) this.#reveal();
    this.#drawn = "";
    this.#draw();
  }

  #columns(): readonly Column[] {
    const columns = this.#table ? COLUMNS[this.#table.info.kind].filter((column) => column !== undefined) : [];
    if (this.#table?.changes === undefined) return columns;
    const [name, ...rest] = columns.filter(([key]) => key === "name" || key === "place");
    return name === undefined ? [] : [name, ...CHANGES, ...rest];
  }

  #showHead(): void {
    const { key, falling } = this.#sorting;
    const focused = this.#head.contains(document.activeElement) ? document.activeElement?.getAttribute("data-key") : undefined;
    const cells = this.#columns().map(([column, label]) => {
      const cell = makeDiv(`table-cell table-${column}`, "columnheader");
      cell.setAttribute("aria-sort", column !== key ? "none" : falling ? "descending" : "ascending");
      const button = document.createElement("button");
      button.textContent = column === key ? `${label} ${falling ? "▾" : "▴"}` : label;
      button.title = `Sort by ${label.toLowerCase()}`;
      button.dataset["key"] = column;
      button.addEventListener("click", () => this.#actions.sort(column));
      cell.append(button);
      return cell;
    });
    this.#head.setAttribute("aria-rowindex", "1");
    this.#head.replaceChildren(...cells);
    this.element.dataset["kind"] = this.#table?.info.kind ?? "";
    if (focused) this.#head.querySelector<HTMLElement>(`[data-key="${focused}"]`)?.focus();
  }

  #draw(): void {
    const { scrollTop, clientHeight } = this.element;
    const first = Math.max(0, Math.floor(scrollTop / ROW_PX) - SPARE_ROWS);
    const end = Math.min(this.#order.length, Math.ceil((scrollTop + clientHeight) / ROW_PX) + SPARE_ROWS);
    const drawn = `${first} ${end} ${this.#selected}`;
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const rows: HTMLElement[] = [];
    for (let place = first; place < end; place++) rows.push(this.#rowElement(place));
    this.#body.replaceChildren(...rows);
    const isDrawn = this.#selected >= first && this.#selected < end;
    if (isDrawn) this.element.setAttribute("aria-activedescendant", `table-row-${this.#selected}`);
    else this.element.removeAttribute("aria-activedescendant");
  }

  #rowElement(place: number): HTMLElement {
    const element = makeDiv("table-row", "row");
    element.id = `table-row-${place}`;
    element.dataset["place"] = String(place);
    element.style.top = `${place * ROW_PX}px`;
    element.setAttribute("aria-rowindex", String(place + 2));
    element.setAttribute("aria-selected", String(place === this.#selected));
    element.append(...this.#columns().map(([column]) => this.#cell(column, this.#row(place))));
    return element;
  }

  #cell(column: SortKey, row: number): HTMLElement {
    const cell = makeDiv(`table-cell table-${column}`, "gridcell");
    const table = this.#table;
    if (table === undefined) return cell;
    if (column === "self" || column === "total") {
      const value = table[column][row] ?? 0;
      const { unit, total } = table.info;
      cell.append(makeText("table-value", formatValue(value, unit)), makeText("table-share", formatShare(value, total)));
      cell.style.setProperty("--share", `${total > 0 ? Math.min(100, (100 * value) / total) : 0}%`);
      return cell;
    }
    if (column !== "name" && column !== "place") {
      const changes = table.changes?.[this.#compared];
      if (changes === undefined) return cell;
      const { unit } = table.info;
      cell.textContent = changeText(changes, column, row, unit);
      if (column === "verdict") {
        cell.dataset["verdict"] = verdictOf(changes, row);
        cell.title = intervalText(changes, row, unit);
      }
      return cell;
    }
    const full = table.texts[table[column][row] ?? -1] ?? "";
    const line = table.line[row] ?? 0;
    const isPlace = column === (table.info.kind === "lines" ? "name" : "place");
    cell.title = isPlace && line > 0 ? `${full}:${line}` : full;
    const isPath = isPlace || table.info.kind === "files" || table.info.kind === "modules";
    const shown = isPath ? lastParts(full, isPlace ? 1 : 3) : full;
    cell.textContent = isPlace && line > 0 && full !== "" ? `${shown}:${line}` : shown;
    return cell;
  }

  #row(place: number): number {
    return this.#order[place] ?? -1;
  }

  #key(event: KeyboardEvent): void {
    if (event.target !== this.element || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW_PX) - 2);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -this.#order.length,
      End: this.#order.length,
    };
    const step = steps[event.key];
    if (step !== undefined) this.#go(Math.max(0, Math.min(this.#order.length - 1, this.#selected + step)), false);
    else if (event.key === "Enter" && this.#selected >= 0) this.#actions.open(this.#row(this.#selected));
    else return;
    event.preventDefault();
  }

  #go(place: number, byMouse: boolean): void {
    if (place < 0 || place >= this.#order.length) return;
    this.select(this.#row(place));
    this.#actions.pick(this.#row(place), byMouse);
  }

  #reveal(): void {
    const top = this.#selected * ROW_PX;
    const room = this.element.clientHeight - 2 * ROW_PX;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (top > this.element.scrollTop + room) this.element.scrollTop = top - room;
  }

  #atPointer(event: MouseEvent, use: (place: number) => void): void {
    const place = (event.target as Element).closest<HTMLElement>("[data-place]")?.dataset["place"];
    if (place !== undefined) use(Number(place));
  }
}

/** The last parts of a path: what tells files apart, and fits; the whole is the cell's title. */
function lastParts(path: string, most: number): string {
  const parts = path.split("/");
  return parts.length > most + 1 ? `${most > 1 ? "…/" : ""}${parts.slice(-most).join("/")}` : path;
}
