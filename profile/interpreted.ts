import type { FrameLanguage } from "../protocol/events.js";

const INTERPRETED: ReadonlySet<FrameLanguage> = new Set(["python", "javascript", "java", "ruby", "php", "perl", "dotnet", "beam"]);

/** Whether a runtime runs the language, so that machine code below its frames is the runtime's or an extension's. */
export function isInterpreted(language: FrameLanguage): boolean {
  return INTERPRETED.has(language);
}
