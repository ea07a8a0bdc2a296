import type { Finding } from "../protocol/findings.js";
import { makeDiv, makeText } from "./elements.js";
import { foldable } from "./fold.js";
import { formatShare } from "./format.js";
import { cleanText } from "./graph-tree.js";
import { makeButton } from "./toolkit.js";

export interface FindingsActions {
  readonly select: (index: number) => void;
  readonly openPlace: (id: string) => void;
}

/** What the analyses found: a button for each, numbered as on its box, and the chosen one in full. */
export class FindingsBar {
  readonly element = makeDiv("findings", "region");
  readonly #actions: FindingsActions;
  readonly #list = makeDiv("findings-list");
  readonly #chosen = makeDiv("findings-chosen");
  #findings: readonly Finding[] = [];
  #shown = "";
  #index = -1;

  constructor(actions: FindingsActions) {
    this.#actions = actions;
    this.element.setAttribute("aria-label", "Findings");
    this.#chosen.setAttribute("aria-live", "polite");
    this.element.append(foldable(this.#list, "the findings"), this.#chosen);
    this.element.hidden = true;
  }

  /** Text that did not change is not written again: the keyboard may be on it. */
  show(findings: readonly Finding[]): void {
    const next = JSON.stringify(findings);
    if (next === this.#shown) return;
    this.#shown = next;
    this.#findings = findings;
    this.element.hidden = findings.length === 0;
    const focused = [...this.#list.children].indexOf(document.activeElement ?? this.#list);
    this.#list.replaceChildren(...findings.map((finding, index) => this.#button(finding, index)));
    const again = this.#list.children[focused];
    if (again instanceof HTMLElement) again.focus();
    this.choose(this.#index < findings.length ? this.#index : -1);
  }

  /** Shows one in full, or none (-1). */
  choose(index: number): void {
    this.#index = index;
    for (const [each, button] of [...this.#list.children].entries()) button.setAttribute("aria-pressed", String(each === index));
    const finding = this.#findings[index];
    this.#chosen.hidden = finding === undefined;
    if (finding === undefined) return this.#chosen.replaceChildren();
    const texts = makeText("findings-text", `${formatShare(finding.share, 1)}: ${cleanText(finding.title)}. ${finding.advice}`);
    const place = finding.places[0];
    const open = makeButton(`Open ${placeText(finding)}`, "Go to the line", () => this.#actions.openPlace(finding.id));
    this.#chosen.replaceChildren(texts, ...(place?.location ? [open] : []));
  }

  #button(finding: Finding, index: number): HTMLElement {
    const button = document.createElement("button");
    const share = ` ${formatShare(finding.share, 1)} `;
    button.append(makeText("findings-number", String(index + 1)), share, makeText("findings-from", "from "), placeText(finding));
    button.title = cleanText(finding.title);
    button.addEventListener("click", () => {
      this.choose(index);
      this.#actions.select(index);
    });
    return button;
  }
}

function placeText({ places: [place] }: Finding): string {
  const { location, functionName = "", cellLine } = place ?? {};
  if (cellLine !== undefined) return cleanText(`${functionName}, line ${cellLine} of its cell`);
  return cleanText(location ? `${location.file.split("/").at(-1)}:${location.line}` : functionName);
}
