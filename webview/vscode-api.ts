import type { FromWebview, ToWebview } from "../protocol/webview.js";
import type { SavedView } from "./saved-view.js";

/** What VS Code gives a webview, once. */
export interface VsCodeApi {
  postMessage(message: FromWebview): void;
  getState(): unknown;
  setState(state: SavedView): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

export function vsCodeApi(): VsCodeApi {
  return acquireVsCodeApi();
}

const TYPES: ReadonlySet<string> = new Set<ToWebview["type"]>([
  "recording",
  "tree",
  "timeMap",
  "callers",
  "table",
  "findings",
  "reveal",
  "draw",
  "failed",
]);

/** Listens to the extension; anything else that posts to this window is not for us. */
export function onMessage(listener: (message: ToWebview) => void): void {
  window.addEventListener("message", (event: MessageEvent<unknown>) => {
    if (isToWebview(event.data)) listener(event.data);
  });
}

function isToWebview(data: unknown): data is ToWebview {
  return typeof data === "object" && data !== null && "type" in data && typeof data.type === "string" && TYPES.has(data.type);
}
