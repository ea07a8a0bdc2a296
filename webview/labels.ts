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

/**
 * A name cut in the middle to fit, since both ends of `package.module.Class.method` tell something and the end tells more.
 * Empty when fewer than three columns are left.
 */
export function fitLabel(name: string, nameColumns: number, columns: number): string {
  if (nameColumns <= columns) return name;
  if (columns < 3) return "";
  if (nameColumns !== name.length) return fitWide(name, columns);
  const head = Math.floor((columns - 1) * 0.4);
  return name.slice(0, head) + ELLIPSIS + name.slice(name.length - (columns - 1 - head));
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
