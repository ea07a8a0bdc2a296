import type { Node } from "@vscode/tree-sitter-wasm";
import type { TextEdit } from "../../finding.js";
import { bindingsOf } from "../names.js";

/** Edits after which `from MODULE import NAME` holds at the top of the file: none where it does; undefined where the name means something else there. */
export function addFromImport(root: Node, module: string, name: string): TextEdit[] | undefined {
  const statements = root.namedChildren.filter((each): each is Node => each !== null);
  const froms = statements.filter(
    (each) => each.type === "import_from_statement" && each.childForFieldName("module_name")?.text === module,
  );
  const namesOf = (each: Node): Node[] => each.childrenForFieldName("name").filter((one): one is Node => one !== null);
  const bindings = bindingsOf(root, name);
  if (bindings.length > 0) {
    const imports = froms.flatMap(namesOf).filter((each) => each.type === "dotted_name" && each.text === name);
    return bindings.length === 1 && imports.length === 1 ? [] : undefined;
  }
  const [last] = froms.flatMap((each) => namesOf(each).slice(-1)).slice(-1);
  if (last !== undefined) return [{ start: last.endIndex, end: last.endIndex, text: `, ${name}` }];
  const lines = `from ${module} import ${name}`;
  const imports = statements.filter(({ type }) => type === "import_statement" || type === "import_from_statement");
  const before = imports.at(-1);
  if (before !== undefined) {
    const lineEnd = /\r?\n/.exec(root.text.slice(before.endIndex))?.[0] ?? "\n";
    return [{ start: before.endIndex, end: before.endIndex, text: `${lineEnd}${lines}` }];
  }
  return undefined;
}
