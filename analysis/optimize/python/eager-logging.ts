/**
 * A message that is put together although nobody reads it: `log.debug(f"{row}")` in hot code below the level that is logged. With the values as
 * arguments `logging` formats only what it writes.
 *
 * Evidence: the line's share without what lies in `logging` below it; where the message is really written (samples below `Logger._log`) there is nothing
 * to gain, and no match.
 *
 * Traps, each of which makes it no match: format specifications, `=` and nested fields, which `%` doesn't know; `await`, `yield` and `:=` inside;
 * further arguments, which are the message's own; objects that aren't loggers by their name.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import type { Rule } from "../rule.js";
import { runsOften } from "./names.js";

const METHODS = new Set(["debug", "info"]);
const LOGGER = /^(self\.|cls\.)?_*(log|logger|logging)$/i;

export const eagerLogging: Rule = {
  id: "python-eager-logging",
  language: "python",
  nodes: ["call"],
  callees: ["logging._log"],
  saves: (heat, startLine, endLine) => {
    const whole = heat.total(startLine, endLine);
    return heat.below(startLine, endLine, "logging._log") > 0.05 * whole ? 0 : whole;
  },
  match(call) {
    const callee = call.childForFieldName("function");
    const object = callee?.type === "attribute" ? callee.childForFieldName("object") : undefined;
    const list = call.childForFieldName("arguments");
    if (!object || !LOGGER.test(object.text) || !METHODS.has(callee?.childForFieldName("attribute")?.text ?? "")) return undefined;
    const [message, more] = list?.namedChildren ?? [];
    if (!message || more !== undefined || message.type !== "string" || !runsOften(call)) return undefined;
    const lazy = lazyMessage(message);
    if (lazy === undefined) return undefined;
    return {
      title: "Let logging format the message when it is written",
      reason: "is spent on the line that puts a message together which is not logged",
      node: call,
      edits: [{ start: message.startIndex, end: message.endIndex, text: lazy }],
    };
  },
};

/** `f"a {b!r}"` as `"a %r", b`. */
function lazyMessage(string: Node): string | undefined {
  const prefix = /^[rRfF]*/.exec(string.text)?.[0] ?? "";
  if (!/f/i.test(prefix) || string.descendantsOfType(["await", "yield", "named_expression", "format_specifier", "comment"]).length > 0)
    return undefined;
  const values: string[] = [];
  let text = prefix.replaceAll(/f/gi, "");
  for (const part of string.children) {
    if (part === null) return undefined;
    if (part.type === "interpolation") {
      const conversion = part.namedChildren.find((child) => child?.type === "type_conversion")?.text ?? "";
      const value = part.childForFieldName("expression");
      if (!value || !/^(![rsa])?$/.test(conversion) || /=\s*(![rsa])?\}$/.test(part.text) || /[{\n]/.test(value.text)) return undefined;
      values.push(value.type === "expression_list" || value.type === "lambda" ? `(${value.text})` : value.text);
      text += `%${conversion.slice(1) || "s"}`;
    } else if (part.type === "string_start") {
      text += part.text.replace(/^[rRfF]*/, "");
    } else {
      text += part.text.replaceAll("%", "%%").replaceAll("{{", "{").replaceAll("}}", "}");
    }
  }
  return values.length === 0 ? undefined : [text, ...values].join(", ");
}
