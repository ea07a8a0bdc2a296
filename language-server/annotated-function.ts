import { pathToFileURL } from "node:url";
import { EVENT_UNITS } from "../protocol/events.js";
import type { AnnotatedFunction, Selection } from "../protocol/queries.js";
import type { Annotations } from "./annotations.js";
import { namedFunctions } from "./document-functions.js";
import type { LoadedRecording } from "./loaded-recording.js";
import { locateFunction } from "./locate-function.js";
import { shownLines } from "./own-cost.js";
import type { Workspace } from "./workspace.js";

/** A place in a document, 0-based as LSP has it, or a function of the recording. */
export type AnnotateWish = { readonly function: number } | { readonly uri: string; readonly line: number };

/**
 * What each line of a function costs in what all views show, in its file as it is now, also outside of the workspace. Null where its source
 * is not on this machine. Without an outline of the file it is all of the file's lines that cost something.
 */
export async function annotatedFunction(
  workspace: Workspace,
  annotations: Annotations,
  loaded: LoadedRecording,
  selection: Selection,
  wish: AnnotateWish,
): Promise<AnnotatedFunction | null> {
  const place = "function" in wish ? await locateFunction(workspace, loaded, wish.function, selection) : undefined;
  if (place === null) return null;
  const uri = "uri" in wish ? wish.uri : pathToFileURL(place?.file ?? "").href;
  const annotated = await annotations.annotate(uri);
  if (annotated === undefined) return null;
  const { document, view, notice, carry } = annotated;
  const { self, total } = shownLines(annotated.loaded, view);
  const all = annotated.lines.map(({ id, line }) => ({ lineIndex: line - 1, self: self[id] ?? 0, total: total[id] ?? 0 }));
  // What is located is in the text that ran.
  const line = "uri" in wish ? wish.line + 1 : (carry(place?.line ?? 1) ?? place?.line ?? 1);
  const outline = await workspace.outline(document.realPath, document.text);
  const around =
    outline === undefined ? [] : namedFunctions(outline).filter(({ startLine, endLine }) => startLine <= line && line <= endLine);
  const innermost = around.reduce<(typeof around)[number] | undefined>(
    (best, each) => (best === undefined || each.startLine >= best.startLine ? each : best),
    undefined,
  );
  const indices = all.map(({ lineIndex }) => lineIndex);
  const startLine = innermost?.startLine ?? Math.min(line, ...indices.map((index) => index + 1));
  const endLine = innermost?.endLine ?? Math.max(line, ...indices.map((index) => index + 1));
  return {
    uri,
    line: line - 1,
    name: innermost?.qualifiedName ?? null,
    startLine: startLine - 1,
    endLine: endLine - 1,
    event: view.selection.event,
    unit: EVENT_UNITS[view.selection.event],
    total: view.sum,
    lines: all.filter(({ lineIndex }) => lineIndex >= startLine - 1 && lineIndex < endLine).sort((a, b) => a.lineIndex - b.lineIndex),
    ...(notice === undefined ? {} : { notice }),
  };
}
