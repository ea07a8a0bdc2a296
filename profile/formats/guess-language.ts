import type { FrameLanguage } from "../../protocol/events.js";
import { LANGUAGES } from "../names.js";

const BY_EXTENSION = new Map<string, FrameLanguage>([
  ...extensions("c", "c h"),
  ...extensions("cpp", "cc cpp cxx c++ hh hpp hxx ipp tcc"),
  ...extensions("rust", "rs"),
  ...extensions("go", "go"),
  ...extensions("python", "py pyx pyi"),
  ...extensions("javascript", "js mjs cjs jsx ts mts cts tsx vue svelte"),
  ...extensions("java", "java kt kts scala groovy clj"),
  ...extensions("ruby", "rb rake erb"),
  ...extensions("php", "php phtml"),
  ...extensions("perl", "pl pm"),
  ...extensions("dotnet", "cs fs vb"),
  ...extensions("beam", "erl ex exs"),
]);

/** The mapping that stands for interpreted and kernel frames, which have no mapped file: `<python>`. */
export function markerOf(language: FrameLanguage): string {
  return `<${language}>`;
}

/** The language that a marker stands for; `undefined` for real mappings. */
export function languageOfMarker(mapping: string): FrameLanguage | undefined {
  return LANGUAGES.find((language) => mapping === markerOf(language));
}

/** The language of a function in a file that does not name languages: by its mapping, then by its source file. */
export function guessLanguage(file: string, mapping: string): FrameLanguage {
  const marked = languageOfMarker(mapping);
  if (marked !== undefined) return marked;
  if (/^\[?(kernel|guest\.kernel|vmlinux)|\/vmlinux|\.ko(\.[a-z]+)?$/.test(mapping)) return "kernel";
  if (file.startsWith("node:")) return "javascript";
  if (file.startsWith("<frozen ") || file === "<string>") return "python";
  return BY_EXTENSION.get(file.slice(file.lastIndexOf(".") + 1).toLowerCase()) ?? "native";
}

function extensions(language: FrameLanguage, list: string): [string, FrameLanguage][] {
  return list.split(" ").map((extension) => [extension, language]);
}
