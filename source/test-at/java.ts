import type { Node } from "@vscode/tree-sitter-wasm";
import { withAncestors } from "./ancestors.js";

/** JUnit's own, and whatever else is named as they are. */
const TEST = /^@(?:[\w.]+\.)?(?:\w*Test|TestFactory|TestTemplate)\b/;
const CLASSES: ReadonlySet<string> = new Set(["class_declaration", "record_declaration", "interface_declaration", "enum_declaration"]);

/** The method with an annotation of JUnit. */
export function javaTest(node: Node): { name: string; selector: string } | undefined {
  const around = withAncestors(node);
  const method = around.find((at) => at.type === "method_declaration" && annotations(at).some((text) => TEST.test(text)));
  const methodName = method?.childForFieldName("name")?.text;
  if (method === undefined || methodName === undefined) {
    return undefined;
  }
  const classes = withAncestors(method)
    .filter(({ type }) => CLASSES.has(type))
    .map((at) => at.childForFieldName("name")?.text ?? "")
    .reverse();
  const declared = around.at(-1)?.namedChildren.find((child) => child?.type === "package_declaration");
  const packageName = declared?.namedChildren.find((child) => child !== null && child.type.endsWith("identifier"))?.text;
  const prefix = packageName === undefined ? "" : `${packageName.replaceAll(/\s/g, "")}.`;
  return { name: [...classes, methodName].join("."), selector: `${prefix}${classes.join("$")}#${methodName}` };
}

function annotations(method: Node): string[] {
  const modifiers = method.namedChildren.find((child) => child?.type === "modifiers");
  return (modifiers?.namedChildren ?? []).flatMap((child) => (child !== null && child.type.endsWith("annotation") ? [child.text] : []));
}
