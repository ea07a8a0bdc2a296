/** Which test a line of a source text is in. */
import type { Node } from "@vscode/tree-sitter-wasm";
import type { TestAt } from "../protocol/tests.js";
import { rulesFor } from "./outline/languages.js";
import { goTest } from "./test-at/go.js";
import { javaTest } from "./test-at/java.js";
import { javascriptTest } from "./test-at/javascript.js";
import { pythonTest } from "./test-at/python.js";

type Found = Pick<TestAt, "name" | "selector"> | undefined;

const JAVASCRIPT = { language: "javascript", find: javascriptTest } as const;
const FINDERS: Readonly<Record<string, { readonly language: TestAt["language"]; readonly find: (node: Node) => Found }>> = {
  "tree-sitter-python.wasm": { language: "python", find: pythonTest },
  "tree-sitter-javascript.wasm": JAVASCRIPT,
  "tree-sitter-typescript.wasm": JAVASCRIPT,
  "tree-sitter-tsx.wasm": JAVASCRIPT,
  "tree-sitter-go.wasm": { language: "go", find: goTest },
  "tree-sitter-java.wasm": { language: "java", find: javaTest },
};

/** The test around a line (0-based) of a syntax tree; undefined where there is none, or its name is not in the text. */
export function testAt(languageIdOrPath: string, root: Node, line: number): TestAt | undefined {
  const finder = FINDERS[rulesFor(languageIdOrPath)?.grammar ?? ""];
  const text = root.text.split("\n")[line];
  if (finder === undefined || text === undefined) {
    return undefined;
  }
  const node = root.namedDescendantForPosition({ row: line, column: text.length - text.trimStart().length });
  const found = node === null ? undefined : finder.find(node);
  return found === undefined ? undefined : { language: finder.language, ...found };
}
