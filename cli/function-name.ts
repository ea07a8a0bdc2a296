import type { FrameLanguage } from "../protocol/events.js";
import { nameParts } from "../source/function-names.js";

/** Names as scripts match them: demangled, without hash, arguments, return type and import path. */
export function plainFunctionName(name: string, language: FrameLanguage): string {
  switch (language) {
    case "go":
    case "java":
    case "dotnet":
      return joined(name, language, ".");
    case "rust":
    case "c":
    case "cpp":
    case "native":
      return joined(name, language, "::");
    case "python":
    case "javascript":
    case "ruby":
    case "php":
    case "perl":
    case "beam":
    case "kernel":
      return name;
  }
}

function joined(name: string, language: FrameLanguage, separator: string): string {
  return nameParts(name, language).join(separator) || name;
}
