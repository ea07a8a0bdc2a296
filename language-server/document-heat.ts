import { EVENT_UNITS } from "../protocol/events.js";
import type { DocumentHeat, LineHeat } from "../protocol/queries.js";
import type { Annotations } from "./annotations.js";
import { lineChange } from "./document-difference.js";
import { mostlyAt, mostlyMember } from "./mostly.js";
import { shownLines } from "./own-cost.js";

/** The heat of a document's lines as they are now; null when there is no recording or no such file. */
export async function documentHeat(annotations: Annotations, uri: string): Promise<DocumentHeat | null> {
  const annotated = await annotations.annotate(uri);
  if (annotated === undefined) {
    return null;
  }
  const { document, loaded, view, notice } = annotated;
  const { self, total } = shownLines(loaded, view);
  const difference = await annotations.difference(annotated);
  const before = difference === undefined ? await annotations.before(document, view) : undefined;
  const lines = annotated.lines.map(({ id, line }): LineHeat => {
    const old = before?.lines.get(line);
    const change = difference?.lines.get(line);
    const heat = {
      lineIndex: line - 1,
      self: self[id] ?? 0,
      total: total[id] ?? 0,
      ...mostlyMember(mostlyAt(view, "lines", (one) => one.lines(), id)),
      ...(change === undefined ? {} : { change: lineChange(change) }),
    };
    return old === undefined ? heat : { ...heat, before: old.total };
  });
  const known = new Set(lines.map(({ lineIndex }) => lineIndex));
  for (const [line, change] of difference?.lines ?? []) {
    if (!known.has(line - 1)) {
      lines.push({ lineIndex: line - 1, self: 0, total: 0, change: lineChange(change) });
    }
  }
  const { event } = view.selection;
  return {
    uri,
    version: document.version,
    event,
    unit: EVENT_UNITS[event],
    total: view.sum,
    lines: lines.sort((a, b) => a.lineIndex - b.lineIndex),
    ...(notice === undefined ? {} : { notice }),
  };
}
