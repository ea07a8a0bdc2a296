import type { Node } from "@vscode/tree-sitter-wasm";

/** The identifiers of a tree by their text, in the order of the file: rules ask for a name a hundred times, and each walk of a large tree takes ms. */
const known = new WeakMap<object, Map<string, Node[]>>();

/** The nodes of some types with a text, anywhere below `node`. Those of one tree are asked for with the same types. */
export function namesIn(node: Node, name: string, types: string | string[]): Node[] {
  const { tree } = node;
  let names = known.get(tree);
  if (names === undefined) {
    names = new Map();
    for (const each of tree.rootNode.descendantsOfType(types)) {
      if (each === null) continue;
      const text = each.text;
      const same = names.get(text);
      if (same === undefined) names.set(text, [each]);
      else same.push(each);
    }
    known.set(tree, names);
  }
  const { startIndex, endIndex } = node;
  return (names.get(name) ?? []).filter((each) => each.startIndex >= startIndex && each.endIndex <= endIndex);
}
