/** An element with a class, and a role where given. */
export function makeDiv(className: string, role?: string): HTMLDivElement {
  const element = document.createElement("div");
  element.className = className;
  if (role) element.setAttribute("role", role);
  return element;
}

/** Text with a class; never HTML, since much of it comes from profiled programs. */
export function makeText(className: string, content: string): HTMLSpanElement {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = content;
  return element;
}
