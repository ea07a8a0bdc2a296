import type { FrameLanguage } from "../protocol/events.js";
import { ANY_PART, nameParts } from "./function-names.js";
import type { Outline, OutlineFunction } from "./outline/shape.js";

/** Rust's older mangling doesn't number its closures. */
const UNNUMBERED_CLOSURE = "{{closure}}";

/** The innermost function with the line; with a column (1-based, 0 for unknown) of several on one line the one that holds it. */
export function functionAt(outline: Outline, line: number, column = 0): OutlineFunction | undefined {
  let innermost: OutlineFunction | undefined;
  for (const candidate of outline.functions) {
    if (holds(candidate, line, column)) {
      innermost = candidate;
    }
  }
  return innermost;
}

/** The function that a frame of this text is in: by its name among those that hold the line, else by the line alone. */
export function functionOfFrame(
  outline: Outline,
  frame: { readonly line: number; readonly column: number; readonly functionName: string; readonly language: FrameLanguage },
): OutlineFunction | undefined {
  const named = frame.functionName === "" ? undefined : findFunction(outline, frame.functionName, frame.language, frame.line);
  return named && named.startLine <= frame.line && frame.line <= named.endLine ? named : functionAt(outline, frame.line, frame.column);
}

function holds(candidate: OutlineFunction, line: number, column: number): boolean {
  if (candidate.startLine > line || candidate.endLine < line) {
    return false;
  }
  if (column < 1) {
    // Without a column, a closure that shares its line with its surroundings can't be told from them.
    return !(candidate.anonymous && candidate.startLine === candidate.endLine);
  }
  const afterStart = line > candidate.startLine || column - 1 >= candidate.startColumn;
  const beforeEnd = line < candidate.endLine || column - 1 < candidate.endColumn;
  return afterStart && beforeEnd;
}

/**
 * The function of a text that a recorded name means. `line`, where known, chooses among overloads. A closure that can't be told from
 * others is answered with the function around it. Undefined when the name fits none or several.
 */
export function findFunction(outline: Outline, name: string, language: FrameLanguage, line = 0): OutlineFunction | undefined {
  return findInFiles([{ path: "", outline }], name, language, line)?.found;
}

/** The same over several files: the best fit, if it is the only one of its kind. */
export function findInFiles(
  files: Iterable<{ readonly path: string; readonly outline: Outline }>,
  name: string,
  language: FrameLanguage,
  line = 0,
): { path: string; found: OutlineFunction } | undefined {
  const all = [...files];
  let wanted: string[] | undefined = nameParts(name, language);
  if (language === "javascript" && wanted.length > 0 && wanted.at(-1) !== "<anonymous>") {
    // V8 calls a constructor by its class.
    const best = bestFits(all, wanted, language, line);
    return best.length > 0 ? only(best) : only(bestFits(all, [...wanted, "constructor"], language, line));
  }
  while (wanted) {
    const best = bestFits(all, wanted, language, line);
    if (best.length === 1) {
      return best[0];
    }
    wanted = surroundings(wanted, language);
  }
  return undefined;
}

function only<T>(fits: readonly T[]): T | undefined {
  return fits.length === 1 ? fits[0] : undefined;
}

function bestFits(
  files: readonly { readonly path: string; readonly outline: Outline }[],
  wanted: readonly string[],
  language: FrameLanguage,
  line: number,
): { path: string; found: OutlineFunction }[] {
  let best: { path: string; found: OutlineFunction }[] = [];
  let bestShared = 0;
  for (const { path, outline } of files) {
    for (const { found, parts } of functionsByLastPart(outline, language).get(wanted.at(-1) ?? "") ?? []) {
      const shared = sharedParts(wanted, parts);
      if (shared > bestShared) {
        best = [];
        bestShared = shared;
      }
      if (shared > 0 && shared === bestShared) {
        best.push({ path, found });
      }
    }
  }
  const withLine = best.filter(({ found }) => line > 0 && found.startLine <= line && line <= found.endLine);
  return withLine.length > 0 ? withLine : best;
}

interface NamedFunction {
  readonly found: OutlineFunction;
  readonly parts: readonly string[];
}

/** A bundle has ten thousand functions and a recording asks for thousands of them, so names are taken apart once an outline. */
const byLastPart = new WeakMap<Outline, Map<FrameLanguage, Map<string, NamedFunction[]>>>();

function functionsByLastPart(outline: Outline, language: FrameLanguage): ReadonlyMap<string, readonly NamedFunction[]> {
  const languages = byLastPart.get(outline) ?? new Map<FrameLanguage, Map<string, NamedFunction[]>>();
  byLastPart.set(outline, languages);
  let functions = languages.get(language);
  if (!functions) {
    functions = new Map();
    languages.set(language, functions);
    for (const found of outline.functions) {
      const parts = nameParts(found.qualifiedName, language);
      const last = parts.at(-1) ?? "";
      for (const key of last.startsWith("{closure#") ? [last, UNNUMBERED_CLOSURE] : [last]) {
        const same = functions.get(key) ?? [];
        functions.set(key, same);
        same.push({ found, parts });
      }
    }
  }
  return functions;
}

/** How many parts at the end are the same; 0 when the names contradict each other before one of them is used up. */
function sharedParts(wanted: readonly string[], had: readonly string[]): number {
  let shared = 0;
  while (shared < wanted.length && shared < had.length) {
    const part = wanted[wanted.length - 1 - shared];
    const other = had[had.length - 1 - shared];
    const sameClosure = part === UNNUMBERED_CLOSURE && other?.startsWith("{closure#");
    if (part !== other && part !== ANY_PART && !sameClosure) {
      return 0;
    }
    shared++;
  }
  return shared;
}

/** The parts of the function around a closure; undefined when the name isn't a closure's. */
function surroundings(parts: readonly string[], language: FrameLanguage): string[] | undefined {
  const last = parts.at(-1) ?? "";
  const outer = parts.slice(0, -1);
  if (outer.length === 0) {
    return undefined;
  }
  const javaLambda = language === "java" ? /^lambda\$(\w+)\$\d+$/.exec(last)?.[1] : undefined;
  if (javaLambda !== undefined) {
    return [...outer, javaLambda === "new" ? "<init>" : javaLambda === "static" ? "<clinit>" : javaLambda];
  }
  const closure =
    /^<(lambda|listcomp|genexpr|dictcomp|setcomp)>$/.test(last) ||
    /^\{(\{closure\}|(closure|lambda)#\d+)\}$/.test(last) ||
    (language === "go" && /^(func)?\d+$/.test(last));
  return closure ? outer : undefined;
}
