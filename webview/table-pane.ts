import { TABLE_KINDS, type TableColumns, type TableKind } from "../protocol/tables.js";
import { makeDiv, makeText } from "./elements.js";
import { formatCount } from "./format.js";
import { BY_SELF, BY_VERDICT, isParts, type SavedTable, type ShownParts } from "./saved-table.js";
import { COMPARED } from "./table-difference.js";
import { TableGrid } from "./table-grid.js";
import { arrangeRows, decodeTable, type SortKey, type Sorting, type TableRows } from "./table-rows.js";
import { type Chooser, makeChooser } from "./toolkit.js";

export interface TableActions {
  readonly ask: (kind: TableKind) => void;
  /** The user went to a row of that function (index in the recording). */
  readonly pick: (fn: number) => void;
  readonly open: (kind: TableKind, id: number, preserveFocus: boolean) => void;
  /** Other parts of the page are shown now, or the table is another one. */
  readonly changed: () => void;
  readonly failed: (sentence: string) => void;
}

const BY_TOTAL: Sorting = { key: "total", falling: true };

/** The tables beside the graph: one at a time, of the same selection, filtered by the same search. */
export class TablePane {
  readonly element = document.createElement("section");
  readonly #actions: TableActions;
  readonly #parts: Chooser;
  readonly #tabs: HTMLElement;
  readonly #count = makeText("table-count", "");
  readonly #compared = makeDiv("table-compared", "group");
  readonly #grid: TableGrid;
  #saved: SavedTable;
  #table: TableRows | undefined;
  #search = "";
  /** The selected row's id in its table; -1 for none. */
  #selected = -1;
  #function = -1;

  constructor(actions: TableActions, saved: SavedTable | undefined) {
    this.#actions = actions;
    this.#saved = saved ?? { parts: "graph", kind: "functions", sorting: BY_SELF, compared: "total" };
    this.element.className = "table-pane";
    this.element.setAttribute("aria-label", "Tables");
    this.#parts = makeChooser("Show the graph, the tables, or both", (value) => this.setParts(isParts(value) ? value : "graph"));
    // An exported page has the graph only.
    this.#parts.element.classList.add("in-editor-only");
    this.#tabs = makeDiv("table-tabs", "tablist");
    this.#tabs.setAttribute("aria-label", "What the rows are");
    this.#tabs.addEventListener("keydown", (event) => this.#tabKey(event));
    this.#count.setAttribute("role", "status");
    const top = makeDiv("table-top");
    this.#compared.setAttribute("aria-label", "What of the rows is compared");
    this.#compared.append(
      ...COMPARED.map((compared) => {
        const button = document.createElement("button");
        button.textContent = compared === "total" ? "Total" : "Self";
        button.title = compared === "total" ? "Compare what has the row anywhere on its stack" : "Compare what ends in the row";
        button.addEventListener("click", () => {
          this.#saved = { ...this.#saved, compared };
          this.#showRows();
          this.#actions.changed();
        });
        return button;
      }),
    );
    top.append(this.#tabs, this.#compared, this.#count);
    this.#grid = new TableGrid({
      pick: (row, byMouse) => this.#pick(row, byMouse),
      open: (row) => this.#open(row, false),
      sort: (key) => this.#sort(key),
    });
    this.element.append(top, this.#grid.element);
    this.#showTabs(false);
    this.setParts(this.#saved.parts);
  }

  /** The list that says which parts of the page are seen. */
  get chooser(): HTMLElement {
    return this.#parts.element;
  }

  get saved(): SavedTable {
    return this.#saved;
  }

  setParts(parts: ShownParts): void {
    const was = this.#saved.parts;
    this.#saved = { ...this.#saved, parts };
    this.#parts.set(
      [
        { value: "graph", label: "Graph" },
        { value: "both", label: "Graph and table" },
        { value: "table", label: "Table" },
      ],
      parts,
    );
    this.element.hidden = parts === "graph";
    if (was !== parts) {
      this.#actions.changed();
      if (was === "graph") this.refresh();
    }
  }

  /** To be called when what is selected has changed or grown. Asks nothing while no table is seen. */
  refresh(): void {
    if (this.#saved.parts !== "graph") this.#actions.ask(this.#saved.kind);
  }

  show(columns: TableColumns | null): void {
    if (columns !== null && columns.kind !== this.#saved.kind) return;
    try {
      this.#table = columns === null ? undefined : decodeTable(columns);
    } catch (error) {
      this.#table = undefined;
      this.#actions.failed(error instanceof Error ? error.message : String(error));
    }
    if (this.#selected < 0) this.#selectFunction();
    this.#showRows();
  }

  filter(text: string): void {
    if (text === this.#search) return;
    this.#search = text;
    this.#showRows();
  }

  /** Another function was selected in the graph: its row is, too. */
  follow(fn: number): void {
    if (fn === this.#function) return;
    this.#function = fn;
    this.#selectFunction();
    if (this.#table && !this.element.hidden) this.#grid.select(this.#table.id.indexOf(this.#selected));
  }

  #selectFunction(): void {
    const row = this.#table === undefined || this.#function < 0 ? -1 : this.#table.fn.indexOf(this.#function);
    this.#selected = row < 0 ? -1 : (this.#table?.id[row] ?? -1);
  }

  #showRows(): void {
    const { kind, compared } = this.#saved;
    const sorting = this.#sorting();
    const order = this.#table ? arrangeRows(this.#table, this.#search, sorting, compared) : new Int32Array(0);
    this.#grid.show(this.#table, order, sorting, this.#table?.id.indexOf(this.#selected) ?? -1, compared);
    // Of threads and waits nothing has more than itself.
    this.#compared.hidden = this.#table?.changes === undefined || kind === "threads" || kind === "waits";
    for (const [index, button] of [...this.#compared.children].entries())
      button.setAttribute("aria-pressed", String(COMPARED[index] === compared));
    const all = this.#table?.info.rows ?? 0;
    const waits = kind === "waits" && all === 0 ? "Only recordings of waits have any: choose “Waiting” as the event." : "";
    this.#count.textContent =
      order.length === all ? waits || formatCount(all, "row") : `${formatCount(order.length, "row")} of ${formatCount(all, "row")}`;
  }

  /** What the user chose, as far as the table has that column. */
  #sorting(): Sorting {
    const { sorting, kind } = this.#saved;
    const isNumber = sorting.key === "self" || sorting.key === "total";
    if (sorting.key === "name" || sorting.key === "place" || this.#table === undefined) return sorting;
    if (this.#table.changes !== undefined) return isNumber ? BY_VERDICT : sorting;
    if (!isNumber) return kind === "threads" || kind === "waits" ? BY_TOTAL : BY_SELF;
    return sorting.key === "self" && (kind === "threads" || kind === "waits") ? BY_TOTAL : sorting;
  }

  #sort(key: SortKey): void {
    const sorting = this.#sorting();
    // Numbers are asked for the largest, names from A to Z, and of changes what is sure.
    const falling = sorting.key === key ? !sorting.falling : key !== "name" && key !== "place" && key !== "verdict";
    this.#saved = { ...this.#saved, sorting: { key, falling } };
    this.#showRows();
    this.#actions.changed();
  }

  #choose(kind: TableKind): void {
    if (kind === this.#saved.kind) return;
    this.#saved = { ...this.#saved, kind };
    this.#selected = -1;
    this.#table = undefined;
    this.#showTabs(true);
    this.#showRows();
    this.refresh();
    this.#actions.changed();
  }

  #showTabs(focus: boolean): void {
    const tabs = TABLE_KINDS.map((kind) => {
      const tab = document.createElement("button");
      const chosen = kind === this.#saved.kind;
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      tab.textContent = kind.replace(/^./, (first) => first.toUpperCase());
      tab.addEventListener("click", () => this.#choose(kind));
      return tab;
    });
    this.#tabs.replaceChildren(...tabs);
    if (focus) tabs[TABLE_KINDS.indexOf(this.#saved.kind)]?.focus();
  }

  #tabKey(event: KeyboardEvent): void {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const at = TABLE_KINDS.indexOf(this.#saved.kind) + step;
    if (step !== 0) this.#choose(TABLE_KINDS[(at + TABLE_KINDS.length) % TABLE_KINDS.length] ?? "functions");
  }

  #pick(row: number, byMouse: boolean): void {
    this.#selected = this.#table?.id[row] ?? -1;
    const fn = this.#table?.fn[row] ?? -1;
    this.#function = fn;
    if (fn >= 0) this.#actions.pick(fn);
    if (byMouse && fn >= 0) this.#open(row, true);
  }

  #open(row: number, preserveFocus: boolean): void {
    const id = this.#table?.id[row];
    if (id !== undefined && (this.#table?.fn[row] ?? -1) >= 0) this.#actions.open(this.#saved.kind, id, preserveFocus);
  }
}
