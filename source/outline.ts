/**
 * Functions and loops of a source text, by tree-sitter.
 *
 * The runtime is `@vscode/tree-sitter-wasm` bundled by esbuild (CommonJS for node, no external, no plugin); its `tree-sitter.wasm`
 * and the grammars are files that the program hands in through `readGrammar`, so nothing is looked up beside the bundle.
 */
import { Language, type Node, Parser, Query } from "@vscode/tree-sitter-wasm";
import { rulesFor } from "./outline/languages.js";
import type { LanguageRules } from "./outline/rules.js";
import type { Outline } from "./outline/shape.js";
import { outlineOf } from "./outline/walk.js";

export type { Outline, OutlineFunction } from "./outline/shape.js";

/** Longer texts have no outline, but their lines still show their cost. UTF-16 units: about bytes. The TypeScript compiler in one file has 6.2 million and takes 1.5 s. */
export const MAX_OUTLINE_LENGTH = 8_000_000;

/** Texts whose outlines are kept, the least recently asked for dropped first. */
const CACHED_TEXTS = 64;

export interface Outliner {
  /**
   * The outline of `text`, whose language is told by VS Code's identifier or by a path; answered from memory for a text that was asked
   * before. Undefined: no grammar for the language, the text is too long, or its grammar could not be loaded (see `problems`).
   */
  outline(languageIdOrPath: string, text: string): Promise<Outline | undefined>;
  /**
   * What `read` makes of the syntax tree of `text`, whose nodes are gone afterwards. Undefined where there is no outline either, or where a
   * part of the text doesn't parse.
   */
  syntax<T>(languageIdOrPath: string, text: string, read: (root: Node) => T): Promise<T | undefined>;
  /** Grammars that could not be loaded, one sentence each. */
  readonly problems: readonly string[];
}

/**
 * Starts tree-sitter. `readGrammar` is asked for `tree-sitter.wasm` now and for `tree-sitter-<language>.wasm` when first needed; in
 * dist/ they lie in `grammars/`. Rejects when the runtime cannot be read.
 */
export async function createOutliner(options: { readGrammar: (file: string) => Promise<Uint8Array> }): Promise<Outliner> {
  const wasmBinary = await options.readGrammar("tree-sitter.wasm");
  // The binary is handed over, because in a bundle the runtime would look for its file beside the bundle. Its types know only
  // locateFile, which it asks for a name even when it doesn't open it.
  const moduleOptions = { wasmBinary, locateFile: (file: string) => file };
  await Parser.init(moduleOptions);
  return new TreeSitterOutliner(options.readGrammar);
}

interface Grammar {
  readonly language: Language;
  readonly query: Query;
}

class TreeSitterOutliner implements Outliner {
  readonly problems: string[] = [];
  readonly #readGrammar: (file: string) => Promise<Uint8Array>;
  readonly #parser = new Parser();
  readonly #grammars = new Map<string, Promise<Grammar | undefined>>();
  /** By text, one map a grammar: a `.h` text is the same in C and C++, but not in TypeScript and TSX. */
  readonly #outlines = new Map<string, Map<string, Outline | undefined>>();

  constructor(readGrammar: (file: string) => Promise<Uint8Array>) {
    this.#readGrammar = readGrammar;
  }

  async outline(languageIdOrPath: string, text: string): Promise<Outline | undefined> {
    const rules = rulesFor(languageIdOrPath);
    if (!rules || text.length > MAX_OUTLINE_LENGTH) {
      return undefined;
    }
    const cache = this.#outlines.get(rules.grammar) ?? new Map<string, Outline | undefined>();
    this.#outlines.set(rules.grammar, cache);
    if (cache.has(text)) {
      const known = cache.get(text);
      cache.delete(text);
      cache.set(text, known);
      return known;
    }
    const grammar = await this.#grammar(rules);
    if (!grammar) {
      return undefined;
    }
    const outline = this.#parse(grammar, text, (root) => outlineOf(root, grammar.query, rules));
    cache.set(text, outline);
    for (const oldest of cache.keys()) {
      if (cache.size <= CACHED_TEXTS) {
        break;
      }
      cache.delete(oldest);
    }
    return outline;
  }

  async syntax<T>(languageIdOrPath: string, text: string, read: (root: Node) => T): Promise<T | undefined> {
    const rules = rulesFor(languageIdOrPath);
    const grammar = rules && text.length <= MAX_OUTLINE_LENGTH ? await this.#grammar(rules) : undefined;
    return grammar && this.#parse(grammar, text, (root) => (root.hasError ? undefined : read(root)));
  }

  #parse<T>(grammar: Grammar, text: string, read: (root: Node) => T): T | undefined {
    this.#parser.setLanguage(grammar.language);
    const tree = this.#parser.parse(text);
    if (!tree) {
      return undefined;
    }
    try {
      return read(tree.rootNode);
    } finally {
      tree.delete();
    }
  }

  #grammar(rules: LanguageRules): Promise<Grammar | undefined> {
    const known = this.#grammars.get(rules.grammar);
    if (known) {
      return known;
    }
    const loading = this.#load(rules);
    this.#grammars.set(rules.grammar, loading);
    return loading;
  }

  async #load(rules: LanguageRules): Promise<Grammar | undefined> {
    try {
      const language = await Language.load(await this.#readGrammar(rules.grammar));
      return { language, query: new Query(language, rules.query) };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.problems.push(
        `The grammar ${rules.grammar} could not be loaded (${reason}), so its functions have no lenses; reinstall Flameline.`,
      );
      return undefined;
    }
  }
}
