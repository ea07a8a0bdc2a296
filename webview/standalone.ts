import { pageKey } from "../profile/page-key.js";
import type { FromWebview, PictureFormat, StandalonePage, ToWebview } from "../protocol/webview.js";
import type { VsCodeApi } from "./vscode-api.js";

/** Plays the extension's part in an exported page, from the data in it; undefined in VS Code, whose pages have none. */
export function standaloneApi(): VsCodeApi | undefined {
  const data = document.getElementById("flameline-page")?.textContent;
  if (data === null || data === undefined) return undefined;
  const page = JSON.parse(data) as StandalonePage;
  followTheme();
  const post = (message: ToWebview) => window.postMessage(message, "*");
  return { postMessage: (message) => answer(page, message, post), getState: () => undefined, setState: () => undefined };
}

function answer({ summary, selection, trees }: StandalonePage, message: FromWebview, post: (message: ToWebview) => void): void {
  switch (message.type) {
    case "ready":
      return post({ type: "recording", summary, selection });
    case "select":
      return post({ type: "recording", summary, selection: message.selection });
    case "getTree": {
      const { request, direction } = message;
      return post({ type: "tree", request, direction, tree: trees[pageKey(message.selection, direction)] ?? null });
    }
    case "getTimeMap":
      // Samples have no times here.
      return post({ type: "timeMap", request: message.request, map: null });
    case "copy":
      // Not in a page from the disk in every browser; the text can be selected in the bar then.
      return void navigator.clipboard?.writeText(message.text).catch(() => undefined);
    case "picture":
      return download(message.format, message.data);
    case "getFindings":
      // The page has trees only.
      return;
    case "openSource":
      // A click asks for the source too, without leaving the graph.
      if (message.preserveFocus) return;
      return post({ type: "failed", request: 0, message: NOT_HERE });
    case "getCallers":
    case "getTable":
    case "openFinding":
    case "annotate":
    case "openRow":
    // An exported page compares with nothing, so it has no such button.
    case "compareRange":
    case "stopComparing":
      return post({ type: "failed", request: 0, message: NOT_HERE });
  }
}

function download(format: PictureFormat, data: string): void {
  const link = document.createElement("a");
  link.download = `flame-graph.${format}`;
  link.href = format === "png" ? `data:image/png;base64,${data}` : `data:image/svg+xml,${encodeURIComponent(data)}`;
  link.click();
}

const NOT_HERE = "This page holds no sources and no callers; open the profile in VS Code for them.";

/** Light or dark, and in high contrast, as the browser is; with the classes of VS Code's pages. */
function followTheme(): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const contrast = matchMedia("(prefers-contrast: more)");
  const { classList } = document.body;
  const follow = () => {
    classList.toggle("vscode-dark", dark.matches && !contrast.matches);
    classList.toggle("vscode-light", !dark.matches && !contrast.matches);
    classList.toggle("vscode-high-contrast", contrast.matches);
    classList.toggle("vscode-high-contrast-light", contrast.matches && !dark.matches);
  };
  for (const query of [dark, contrast]) query.addEventListener("change", follow);
  follow();
}
