/** A text as a regular expression that has no other meaning, in JavaScript as in Go, and that is fit for a command line. */
export function quoted(text: string): string {
  const plain = text.replaceAll(/[\\.+*?()|[\]{}^$]/g, "\\$&");
  return Array.from(plain, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x20 || code === 0x7f ? `\\x${code.toString(16).padStart(2, "0")}` : character;
  }).join("");
}
