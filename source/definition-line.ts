import type { FrameLanguage } from "../protocol/events.js";
import { nameParts } from "./function-names.js";

/** What stands before a function's name where it is defined: Perl's `sub`, Elixir's `def…`, and what most other languages say. */
const KEYWORDS = "(?:sub|method|def|defp|defmacro|defmacrop|func|function|fun|fn|proc)";

/**
 * Where no grammar tells functions and the profile has no first line of them: the 1-based line that defines a function, found by its name alone.
 * The nearest definition at or above `line`, the first line of the function that has cost; undefined where there is none, so that nothing is guessed.
 */
export function definitionLine(text: string, functionName: string, language: FrameLanguage, line: number): number | undefined {
  const name = nameParts(functionName, language).at(-1);
  if (name === undefined || !/^[\p{L}_][\p{L}\p{N}_]*[?!]?$/u.test(name)) {
    return undefined;
  }
  const escaped = name.replace(/[?!]$/, "\\$&");
  // Erlang has no keyword: a clause begins with the name in the first column.
  const clause = language === "beam" ? `|^${escaped}\\(` : "";
  const definition = new RegExp(
    `^\\s*(?:\\w+\\s+){0,2}${KEYWORDS}\\s+(?:[\\w:.]+(?:::|\\.))?${escaped}(?![\\p{L}\\p{N}_?!])${clause}`,
    "u",
  );
  const lines = text.split("\n", line);
  const index = lines.findLastIndex((each) => definition.test(each));
  return index === -1 ? undefined : index + 1;
}
