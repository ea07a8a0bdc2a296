import { makeDiv } from "./elements.js";

export interface MenuItem {
  readonly label: string;
  /** The key that does the same in the graph; "" where there is none. */
  readonly key: string;
  /** Of an item that is on or off. */
  readonly checked?: boolean;
  readonly run: () => void;
}

/** The menu of a box: at the pointer, or below the box where a key asked for it. One item has the focus; Escape gives it back. */
export class ContextMenu {
  readonly element = makeDiv("menu", "menu");
  #closed: () => void = () => undefined;

  constructor() {
    this.element.hidden = true;
    this.element.setAttribute("aria-label", "What to do with this box");
    this.element.addEventListener("keydown", (event) => this.#press(event));
    this.element.addEventListener("focusout", (event) => {
      if (!(event.relatedTarget instanceof Node && this.element.contains(event.relatedTarget))) this.close(false);
    });
    window.addEventListener("blur", () => this.close(false));
  }

  /** `closed` takes the focus back. */
  open(items: readonly MenuItem[], clientX: number, clientY: number, closed: () => void): void {
    this.#closed = closed;
    this.element.replaceChildren(...items.map((item) => this.#row(item)));
    this.element.hidden = false;
    const { offsetWidth, offsetHeight } = this.element;
    const x = Math.max(4, Math.min(clientX, window.innerWidth - offsetWidth - 4));
    const y = Math.max(4, Math.min(clientY, window.innerHeight - offsetHeight - 4));
    this.element.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
    this.#focus(0);
  }

  close(giveBack: boolean): void {
    if (this.element.hidden) return;
    this.element.hidden = true;
    if (giveBack) this.#closed();
  }

  #row({ label, key, checked, run }: MenuItem): HTMLElement {
    const row = document.createElement("button");
    row.setAttribute("role", checked === undefined ? "menuitem" : "menuitemcheckbox");
    if (checked !== undefined) row.setAttribute("aria-checked", String(checked));
    row.tabIndex = -1;
    const mark = document.createElement("span");
    mark.className = "menu-mark";
    mark.textContent = checked === true ? "✓" : "";
    const name = document.createElement("span");
    name.className = "menu-name";
    name.textContent = label;
    const hint = document.createElement("span");
    hint.className = "menu-key";
    hint.textContent = key;
    row.append(mark, name, hint);
    row.addEventListener("click", () => {
      this.close(true);
      run();
    });
    return row;
  }

  #press(event: KeyboardEvent): void {
    const rows = this.element.children.length;
    const now = [...this.element.children].indexOf(document.activeElement ?? this.element);
    const next = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: -1 }[event.key];
    if (next !== undefined) this.#focus((next + rows) % rows);
    else if (event.key === "Escape" || event.key === "Tab") this.close(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #focus(index: number): void {
    const row = this.element.children[index];
    if (row instanceof HTMLElement) row.focus();
  }
}
