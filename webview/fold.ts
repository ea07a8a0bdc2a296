import { makeDiv } from "./elements.js";

/** Rounded sizes of one line may differ by so much, px. */
const SLACK = 4;

/**
 * Where room is scarce the page's style leaves one line of what is in here; a button unfolds the rest. It is there only where there is a rest.
 * `what` is what the button is told to unfold.
 */
export function foldable(content: HTMLElement, what: string): HTMLElement {
  const element = makeDiv("fold");
  const clip = makeDiv("fold-clip");
  const button = document.createElement("button");
  button.className = "fold-more";
  clip.append(content);
  element.append(clip, button);
  let open = false;
  const show = (): void => {
    element.classList.toggle("fold-open", open);
    button.textContent = open ? "▴" : "▾";
    button.title = open ? `One line of ${what}` : `All of ${what}`;
    button.setAttribute("aria-label", button.title);
    button.setAttribute("aria-expanded", String(open));
  };
  const setOpen = (next: boolean): void => {
    open = next;
    show();
  };
  button.addEventListener("click", () => setOpen(!open));
  // Keys may go to something that is out of sight.
  content.addEventListener("focusin", ({ target }) => {
    if (target instanceof HTMLElement && target.offsetTop + SLACK > clip.offsetTop + clip.clientHeight) setOpen(true);
  });
  const observer = new ResizeObserver(() => {
    const line = Number.parseFloat(getComputedStyle(clip).getPropertyValue("--fold-line"));
    const folds = Number.isFinite(line) && content.offsetHeight > line + SLACK;
    button.hidden = !folds;
    if (!folds && open) setOpen(false);
  });
  observer.observe(content);
  observer.observe(clip);
  show();
  button.hidden = true;
  return element;
}
