/**
 * A recording as one page that opens anywhere: the flame graph's own script and style sheet, the trees as data, and nothing from elsewhere.
 *
 * ```
 * <meta CSP: nothing but this script and this style, by their digests>
 * <style>…  <script type="application/json" id="flameline-page">{summary, trees}</script>  <script>…
 * ```
 */
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { EventName } from "../protocol/events.js";
import type { CodeOwner, Selection, TreeColumns, TreeDirection } from "../protocol/queries.js";
import type { StandalonePage } from "../protocol/webview.js";
import { pageKey } from "../profile/page-key.js";
import type { Recording } from "../profile/recording.js";
import { leftOutSum } from "../profile/selection.js";
import type { Steps } from "../profile/steps.js";
import { summarize } from "../profile/summary.js";
import { callTree } from "../profile/tree.js";
import { treeColumns } from "../profile/tree-columns.js";

/** Boxes of one tree; a tree with more is folded, and the page says how much. A box is about 40 bytes of the file. */
const MOST_BOXES = 150_000;

/** The flame graph's script and style, as the build made them. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

/** Reads them from the folder of the build. Throws when they are not there. */
export async function readPageAssets(folder: string): Promise<PageAssets> {
  const [script, style] = await Promise.all(["webview.js", "webview.css"].map((name) => readFile(join(folder, name), "utf8")));
  return { script: script ?? "", style: style ?? "" };
}

/** What the page shows; `ownerOf` says whose code a function is. */
export interface PageContent {
  readonly recording: Recording;
  readonly name: string;
  /** The event that is shown first. */
  readonly event: EventName;
  readonly warnings: readonly string[];
  readonly ownerOf: (fn: number) => CodeOwner;
}

/** The page, in parts to be written one after another. */
export function* encodePageInSteps(content: PageContent, { script, style }: PageAssets): Steps<string[]> {
  const { recording, name, event, warnings } = content;
  const summary = summarize(recording, "exported");
  const trees: Record<string, TreeColumns | null> = {};
  for (const each of summary.events) {
    for (const idle of each.event === "off_cpu" ? [false, true] : [false]) {
      for (const direction of ["top-down", "bottom-up"] as const) {
        yield;
        const selection = { event: each.event, ...(idle ? { idle } : {}) };
        trees[pageKey(selection, direction)] = treeOf(content, selection, direction);
      }
    }
  }
  yield;
  const said = [...new Set([...warnings, ...summary.warnings])];
  // Which processes and threads there are is not in the trees, so they are no choice here; arguments may hold secrets.
  const page: StandalonePage = {
    summary: { ...summary, name, live: false, processes: [], threads: [], warnings: said },
    selection: { event },
    trees,
  };
  const code = script.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n");
  const looks = style.replace(/\/\*# sourceMappingURL=.*\s*$/, "");
  // The toolkit adds an empty style element to learn what the browser can.
  const styleNonce = randomBytes(18).toString("base64url");
  const policy = [
    "default-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    `script-src '${digest(code)}'`,
    `style-src '${digest(looks)}' 'nonce-${styleNonce}'`,
  ].join("; ");
  return [
    `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta property="csp-nonce" content="${styleNonce}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(name)} – Flameline</title>
<style>${looks}</style>
</head>
<body class="vscode-light standalone">
<noscript>This page draws its flame graph with JavaScript, which is switched off here.</noscript>
<script type="application/json" id="flameline-page">`,
    escapeJson(JSON.stringify(page)),
    "</script>\n<script>",
    code,
    "</script>\n</body>\n</html>\n",
  ];
}

function treeOf({ recording, ownerOf }: PageContent, selection: Selection, direction: TreeDirection): TreeColumns | null {
  let tree = callTree(recording, selection, { direction, minimumShare: 0 });
  for (let minimumShare = 1e-6; tree.nodes > MOST_BOXES && minimumShare < 1; minimumShare *= 3) {
    tree = callTree(recording, selection, { direction, minimumShare });
  }
  const leftOut = leftOutSum(recording, selection);
  return tree.samples === 0 && leftOut === 0 ? null : treeColumns(recording, tree, selection.event, ownerOf, leftOut);
}

/** JSON that no name in it can end, and that shows no text in another order to who reads the file. */
export function escapeJson(json: string): string {
  return json.replace(
    /[<>&\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

// oxlint-disable-next-line no-control-regex -- these are what is looked for: characters that would break or reorder a title
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

function escapeText(text: string): string {
  return text.slice(0, 200).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replace(UNPRINTABLE, "\ufffd");
}

function digest(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
