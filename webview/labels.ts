const ELLIPSIS = "…";

/** Columns that a text takes in a font of fixed width: two for East Asian and emoji characters. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0xdc00 && code <= 0xdfff) continue; // the second half of a pair
    columns += code < 0x1100 || (code >= 0x2000 && code < 0x2e80) ? 1 : 2;
  }
  return columns;
}

/** Ends of the parts of a qualified name: `a.b`, `A::b`, `pkg/a`, `A#b`. */
const SEPARATORS = ".:/#";

/**
 * A name cut to fit. Leading parts of a qualified name go first, whole (`…views.render` from `shop.views.render`), since
 * the end tells most; when even the last part is too long, its beginning stays. Empty when fewer than four columns are left.
 */
export function fitLabel(name: string, nameColumns: number, columns: number): string {
  if (nameColumns <= columns) return name;
  if (columns < 4) return "";
  if (nameColumns !== name.length) return fitWide(name, columns);
  const lastPart = startOfPart(name, 0, true);
  if (name.length - lastPart > columns - 1) return name.slice(lastPart, lastPart + columns - 1) + ELLIPSIS;
  return ELLIPSIS + name.slice(startOfPart(name, name.length - (columns - 1), false));
}

/** Where the first part at or after `from` begins, or the last part of all. Type arguments and call arguments hold no parts. */
function startOfPart(name: string, from: number, last: boolean): number {
  let start = 0;
  let brackets = 0;
  for (let i = 0; i < name.length - 1; i++) {
    const character = name.charAt(i);
    if (character === "<") brackets++;
    if (character === ">" && brackets > 0) brackets--;
    if (character === "(" && i > 0 && !SEPARATORS.includes(name.charAt(i - 1))) break;
    if (brackets > 0 || !SEPARATORS.includes(character) || SEPARATORS.includes(name.charAt(i + 1))) continue;
    start = i + 1;
    if (!last && start >= from) return start;
  }
  return start;
}

/** Cuts at the end, character by character: right for every script, and rare. */
function fitWide(name: string, columns: number): string {
  let used = 1;
  let fitted = "";
  for (const character of name) {
    used += columnsOf(character);
    if (used > columns) break;
    fitted += character;
  }
  return fitted + ELLIPSIS;
}
