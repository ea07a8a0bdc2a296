import type { CodeLens, InlayHint } from "vscode-languageserver/node";
import { EVENT_UNITS, GROWTH_EVENTS } from "../protocol/events.js";
import type { Annotated, Annotations } from "./annotations.js";
import { lensChange } from "./document-difference.js";
import type { DocumentFunction } from "./document-functions.js";
import type { FixGain } from "./fix-gains.js";
import type { LensBook } from "./lens-book.js";
import type { View } from "./view.js";
import { count, duration, eventWords, percent, quantity, rate, transferWords } from "./wording.js";
import type { Workspace } from "./workspace.js";

/** Run by a click on a lens, with the function's index in the recording; the extension registers it. */
const SHOW_FUNCTION_COMMAND = "flameline.showFunction";

/** A lens stays where it is also when its file turns out to have changed: the heat's notice says why. */
const NO_NUMBERS = "no numbers: they could be wrong";

/** Two short runs of the same code differ by less than this share. */
const CHANGE_SHARE = 0.02;

/** The fixes that a document has taken. */
type GainsOf = (annotated: Annotated) => Promise<readonly FixGain[]>;

/** The lenses above a document's hot functions. */
export async function documentLenses(
  workspace: Workspace,
  book: LensBook,
  annotations: Annotations,
  uri: string,
  gainsOf: GainsOf,
): Promise<CodeLens[]> {
  const annotated = workspace.settings.lenses === "above" ? await annotations.annotate(uri) : undefined;
  if (annotated === undefined) {
    return [];
  }
  const { document, view } = annotated;
  const functions = await annotated.functions();
  const hot = hotFunctions(functions, view, workspace.settings.minimumShare);
  const lenses = book.lenses(bookKey(annotated), hot, progressOf(annotated, hot));
  if (lenses.length === 0) {
    return [];
  }
  const difference = await annotations.difference(annotated);
  const before = difference === undefined ? await annotations.before(document, view) : undefined;
  const gains = await gainsOf(annotated);
  const fixed = (key: string): FixGain | undefined => gains.find(({ fix, now }) => fix.subject === key && now !== undefined);
  const nameLines = await annotations.currentNameLines(document);
  const lastLine = document.text.split("\n").length - 1;
  return lenses.map((lens) => {
    const fn = functions.find(({ key }) => key === lens.key);
    const line = nameLines.get(lens.key) ?? (fn === undefined ? undefined : annotated.carry(fn.nameLine));
    lens.lineIndex = Math.min(line === undefined ? lens.lineIndex : line - 1, lastLine);
    const at = { line: lens.lineIndex, character: 0 };
    const title =
      annotated.notice === undefined
        ? lensTitle(fn, view, before?.functions.get(lens.key), {
            since: difference && lensChange(difference, difference.functions.get(lens.key)),
            fixed: fixed(lens.key),
          })
        : NO_NUMBERS;
    const command = fn === undefined ? { title, command: "" } : { title, command: SHOW_FUNCTION_COMMAND, arguments: [fn.function] };
    return { range: { start: at, end: at }, command };
  });
}

/** The end-of-line form: of all hot functions where the setting says so, else of those that turned hot after the lenses were fixed. */
export async function documentHints(
  workspace: Workspace,
  book: LensBook,
  annotations: Annotations,
  uri: string,
  gainsOf: GainsOf,
): Promise<InlayHint[]> {
  const form = workspace.settings.lenses;
  const annotated = form === "off" ? undefined : await annotations.annotate(uri);
  if (annotated === undefined) {
    return [];
  }
  const { document, view } = annotated;
  const functions = await annotated.functions();
  const hot = hotFunctions(functions, view, workspace.settings.minimumShare);
  const late = book.late(bookKey(annotated), hot);
  const shown = form === "endOfLine" ? hot : functions.filter(({ key }) => late.has(key));
  if (shown.length === 0) {
    return [];
  }
  const difference = await annotations.difference(annotated);
  const before = difference === undefined ? await annotations.before(document, view) : undefined;
  const gains = await gainsOf(annotated);
  const fixed = (key: string): FixGain | undefined => gains.find(({ fix, now }) => fix.subject === key && now !== undefined);
  const nameLines = await annotations.currentNameLines(document);
  const texts = document.text.split("\n");
  return shown.flatMap((fn) => {
    const line = nameLines.get(fn.key) ?? annotated.carry(fn.nameLine);
    const text = line === undefined ? undefined : texts[line - 1];
    if (line === undefined || text === undefined) {
      return [];
    }
    const title = lensTitle(fn, view, before?.functions.get(fn.key), {
      since: difference && lensChange(difference, difference.functions.get(fn.key)),
      fixed: fixed(fn.key),
    });
    const [value = title] = title.split(" — ");
    const command = { title, command: SHOW_FUNCTION_COMMAND, arguments: [fn.function] };
    const position = { line: line - 1, character: text.replace(/\r$/, "").length };
    return [{ position, label: [{ value, command, tooltip: title }], paddingLeft: true }];
  });
}

/** Each event has hot functions of its own; the user who switches between them finds the same lenses again. */
function bookKey({ document, view }: Annotated): string {
  return `${view.selection.event} ${document.realPath}`;
}

function hotFunctions(functions: readonly DocumentFunction[], view: View, minimumShare: number): DocumentFunction[] {
  return functions.filter(({ total }) => view.sum > 0 && total / view.sum >= minimumShare);
}

function progressOf({ loaded, view, path }: Annotated, hot: readonly DocumentFunction[]) {
  const share = hot.reduce((most, { total }) => Math.max(most, total), 0) / Math.max(view.sum, Number.MIN_VALUE);
  return { live: loaded.live, samples: share * view.samples, sinceFirstNs: loaded.recording.info.durationNs - loaded.firstSampledNs(path) };
}

/**
 * "38 % total · 12 % self — CPU of 3 processes, 8 s", with what it was in the recording before. Of waits it is how long in each second and what
 * for: "waits 340 ms/s, mostly lock · 34 % of waiting — 3 processes, 8 s, without 30 s idle". Of what is transferred it is how much in each
 * second: "writes 6.5 MB/s · 75 % of bytes written — 1 process, 8 s".
 */
function lensTitle(
  fn: Pick<DocumentFunction, "self" | "total" | "mostly"> | undefined,
  view: View,
  before: number | undefined,
  { since = "", fixed }: { readonly since?: string | undefined; readonly fixed?: FixGain | undefined } = {},
): string {
  const was =
    fixed !== undefined ? ` (was ${percent(fixed.fix.share)} before the fix)` : before === undefined ? "" : ` (was ${percent(before)})`;
  const against = since === "" ? "" : `, ${since}`;
  if (view.sum === 0) {
    return `no samples yet${was}${against}`;
  }
  const share = (fn?.total ?? 0) / view.sum;
  const changed = fixed !== undefined || (before !== undefined && Math.abs(share - before) >= CHANGE_SHARE);
  const total = percent(share);
  if (view.selection.event === "off_cpu") {
    const mostly = fn?.mostly === undefined ? "" : `, mostly ${fn.mostly}`;
    return `waits ${rate(fn?.total ?? 0, view.durationNs)}${mostly} · ${total} of waiting${changed ? was : ""}${against} — ${scope(view)}`;
  }
  const transfer = transferWords(view.selection.event);
  if (transfer !== undefined) {
    const pace = view.durationNs > 0 ? ` ${quantity((1e9 * (fn?.total ?? 0)) / view.durationNs, "bytes")}/s` : "";
    return `${transfer.does}${pace} · ${total} of ${eventWords(view.selection.event)}${changed ? was : ""}${against} — ${scope(view)}`;
  }
  const self = percent((fn?.self ?? 0) / view.sum);
  return `${total} total${changed ? was : ""} · ${self} self${against} — ${ofWhat(view)}`;
}

/** "CPU of 3 processes, 8 s". */
export function ofWhat(view: View): string {
  return `${eventWords(view.selection.event)} of ${scope(view)}`;
}

/** "3 processes, 8 s", or with a range "3 processes, 12.3 s to 14.1 s"; of waits also how much was left out as idle, of memory by how much something shrank. */
function scope(view: View): string {
  const { event } = view.selection;
  const amount = quantity(view.leftOut, EVENT_UNITS[event]);
  const left = view.leftOut === 0 ? "" : GROWTH_EVENTS.has(event) ? `; ${amount} shrank` : `, without ${amount} idle`;
  const time = view.range === "" ? duration(view.durationNs) : view.range;
  return `${count(view.processes.size, "process", "processes")}, ${time}${left}`;
}
