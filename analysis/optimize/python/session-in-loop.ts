/**
 * A connection for each turn: `requests.get(url)` in a loop. A session keeps it open for the next one, which saves the handshakes.
 *
 * Evidence: samples below requests' own `request` below the line.
 *
 * Traps, each of which makes it no match: `requests` bound twice; pauses. Cookies that a session keeps, and servers that close connections, are for its user: code that
 * opens connections is refused by a proof, so this stays unproved.
 */
import { belowLines } from "../evidence.js";
import type { Rule } from "../rule.js";
import { beforeLoops, isUnchanged, putBefore, replace } from "./loops.js";
import { freeName, soleImport } from "./names.js";
import { calledMethod } from "./orm/loop-rows.js";

const CALLEES = ["requests.api.request"];
const METHODS = /^(get|post|put|patch|delete|head|options|request)$/;

export const sessionInLoop: Rule = {
  id: "python-session-in-loop",
  language: "python",
  nodes: ["call"],
  callees: CALLEES,
  saves: belowLines(CALLEES),
  match(call) {
    const method = calledMethod(call);
    if (method === undefined || method.object.type !== "identifier" || !METHODS.test(method.name)) return undefined;
    const root = call.tree.rootNode;
    const before = beforeLoops(call, (repeated) => isUnchanged(method.object, repeated));
    if (before === undefined || soleImport(root, "requests", method.object.text) === undefined) return undefined;
    const name = freeName(root, "session");
    return {
      title: "Keep the connection open in a session",
      reason: "is spent on a connection of its own for each request",
      node: call,
      edits: [putBefore(before.statement, `${name} = ${method.object.text}.Session()`), replace(method.object, name)],
    };
  },
};
