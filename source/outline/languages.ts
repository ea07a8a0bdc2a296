import { cpp } from "./cpp.js";
import { csharp } from "./csharp.js";
import { go } from "./go.js";
import { java } from "./java.js";
import { javascript, typescript, typescriptReact } from "./javascript.js";
import { php } from "./php.js";
import { python } from "./python.js";
import { ruby } from "./ruby.js";
import type { LanguageRules } from "./rules.js";
import { rust } from "./rust.js";

/** Every language that has an outline. */
const LANGUAGES: readonly LanguageRules[] = [python, javascript, typescript, typescriptReact, java, go, rust, cpp, ruby, php, csharp];

/** The rules for VS Code's language identifier, or for a path by its extension; undefined for other languages. */
export function rulesFor(languageIdOrPath: string): LanguageRules | undefined {
  const byId = LANGUAGES.find((rules) => rules.languageIds.includes(languageIdOrPath));
  if (byId) {
    return byId;
  }
  const extension = /\.[^./\\]+$/.exec(languageIdOrPath)?.[0].toLowerCase();
  return extension === undefined ? undefined : LANGUAGES.find((rules) => rules.extensions.includes(extension));
}
