import type { Browser, BrowserContext, Page } from "@playwright/test";
import type { CallersAndCallees, RecordingSummary, TreeColumns } from "../../protocol/queries.js";
import type { TimeMap } from "../../protocol/time-map.js";
import type { FromWebview, ToWebview } from "../../protocol/webview.js";

/** `window.harness` in the page. */
export interface Harness {
  readonly sent: FromWebview[];
  readonly work: number[];
  readonly state: unknown;
  columns: TreeColumns | null;
  send(message: ToWebview): void;
}
export interface PageParts {
  js: string;
  css: string;
  html: string;
}
export interface OpenOptions {
  readonly tree: TreeColumns | null;
  readonly summary?: RecordingSummary | null;
  readonly theme?: "light" | "dark" | "high-contrast" | "high-contrast-light";
  readonly size?: { width: number; height: number };
  readonly scale?: number;
  readonly state?: unknown;
  readonly callers?: CallersAndCallees | null;
  readonly timeMap?: TimeMap | null;
}
export function haveBrowser(): boolean;
export function launch(): Promise<Browser>;
export function bundle(): Promise<PageParts>;
export function summaryOf(tree: TreeColumns, live?: boolean): RecordingSummary;
export function openGraph(
  browser: Browser,
  parts: PageParts,
  options: OpenOptions,
): Promise<{ page: Page; context: BrowserContext; problems: string[] }>;
