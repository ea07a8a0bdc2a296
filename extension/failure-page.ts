/** The page of an editor whose file can't be read. Pure. */

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** A page with one sentence and nothing that runs; file names in it may hold anything. */
export function failurePage(sentence: string): string {
  const text = sentence.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>body { padding: 2em; color: var(--vscode-foreground); font: var(--vscode-font-size) var(--vscode-font-family); }</style>
</head><body><p role="alert">${text}</p></body></html>`;
}
