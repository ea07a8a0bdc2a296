/**
 * A file that is read while everybody waits: `fs.readFileSync(path)` in an `async` function. `await fs.promises.readFile(path)` lets the server answer others meanwhile.
 *
 * Evidence: the line's share of the event.
 *
 * Traps, each of which makes it no match: functions that aren't `async`, for callers would get a promise; `fs` bound twice; calls in arguments' defaults. What else happens while it waits no
 * syntax tells, and CPU time doesn't gain, so it stays unproved.
 */
import { ofLines } from "../evidence.js";
import type { Rule } from "../rule.js";
import { functionAround, placesOf } from "./names.js";

const METHODS = /^(readFile|writeFile|appendFile|stat|lstat|readdir|mkdir|rm|unlink|rename|copyFile|access|realpath)Sync$/;

export const syncFile: Rule = {
  id: "javascript-sync-file",
  language: "javascript",
  nodes: ["call_expression"],
  callees: [],
  saves: ofLines,
  match(call) {
    const member = call.childForFieldName("function");
    const object = member?.type === "member_expression" ? member.childForFieldName("object") : undefined;
    const property = member?.childForFieldName("property");
    if (object?.type !== "identifier" || !property || !METHODS.test(property.text)) return undefined;
    const around = functionAround(call);
    const isAsync = around?.children.some((each) => each?.type === "async") === true && around.childForFieldName("body") !== null;
    const root = call.tree.rootNode;
    const isImported = new RegExp(
      String.raw`(import (\* as )?${object.text}|(const|var|let) ${object.text} =) ?(from|require\() ?["'](node:)?fs["']`,
    ).test(root.text);
    const isBoundOnce = placesOf(root, object.text).filter(({ parent }) => parent?.type !== "member_expression").length === 1;
    if (!isAsync || !isImported || !isBoundOnce || (around.childForFieldName("body")?.startIndex ?? 0) > call.startIndex) return undefined;
    const isInner = call.parent?.type === "member_expression" || call.parent?.type === "subscript_expression";
    const text = `await ${object.text}.promises.${property.text.slice(0, -4)}${call.childForFieldName("arguments")?.text ?? "()"}`;
    return {
      title: "Let others run while the file is read",
      reason: "is spent on a file for which the whole program waits",
      node: call,
      edits: [{ start: call.startIndex, end: call.endIndex, text: isInner ? `(${text})` : text }],
    };
  },
};
