/** The query whose rows are looped over: `session.query(Order)…`, or `select(Order)…` that a session runs. */
import type { Node } from "@vscode/tree-sitter-wasm";
import { functionAround } from "../names.js";
import { calledMethod, calledName, localValue, plainArguments } from "./loop-rows.js";

export type FoundQuery =
  | {
      readonly kind: "query";
      /** What is asked for: `Order`, or `models.Order`. */
      readonly entity: string;
      /** Offset behind `select(Order)`, where another method may follow. */
      readonly at: number;
      /** Names of the methods that follow it, as far as they were seen. */
      readonly methods: readonly string[];
      /** All statements that make it. */
      readonly text: string;
    }
  | { readonly kind: "elsewhere"; readonly why: string };

/** What gives the same rows again, all or some of them. */
const SAME_ROWS_FUNCTIONS = new Set(["list", "tuple", "enumerate", "sorted", "reversed", "iter"]);
const SAME_ROWS = new Set(["all", "unique", "scalars", "yield_per", "partitions", "fetchall"]);
/** After these rows aren't what the query was begun with. */
const OTHER_COLUMNS = new Set([
  "with_entities",
  "with_only_columns",
  "add_columns",
  "add_entity",
  "from_statement",
  "enable_eagerloads",
  "columns",
  "mappings",
  "tuples",
]);
/** Names in chains deeper than this are no queries of people. */
const MOST_STEPS = 30;

export function queryOf(rows: Node): FoundQuery {
  const methods: string[] = [];
  const texts: string[] = [];
  const elsewhere = (why: string): FoundQuery => ({ kind: "elsewhere", why });
  let ran = false;
  let scalars = false;
  let at: Node = rows;
  for (let step = 0; step < MOST_STEPS; step++) {
    if (at.type === "parenthesized_expression" && at.firstNamedChild !== null) {
      at = at.firstNamedChild;
      continue;
    }
    if (at.type === "subscript") {
      const value = at.childForFieldName("value");
      if (value === null) break;
      methods.push("slice");
      at = value;
      continue;
    }
    if (at.type === "await") return elsewhere("the rows are waited for");
    if (at.type === "identifier") {
      const value = localValue(at);
      if (value === undefined)
        return elsewhere(
          functionAround(at) === undefined ? "the query is outside of functions" : `what ${at.text} is, this function doesn't tell`,
        );
      texts.push(functionAround(at)?.text ?? "");
      at = value;
      continue;
    }
    const [first, ...others] = at.type === "call" ? plainArguments(at) : [];
    const name = calledName(at);
    if (name === "select") {
      if (!ran || first === undefined || others.length > 0 || !isEntity(first) || !scalars)
        return elsewhere("the query asks for more than one kind of row");
      return { kind: "query", entity: first.text, at: at.endIndex, methods, text: [...texts, rows.text].join("\n") };
    }
    if (name !== undefined) {
      if (!SAME_ROWS_FUNCTIONS.has(name) || first === undefined) return elsewhere(`the query is in ${name}`);
      at = first;
      continue;
    }
    const method = calledMethod(at);
    if (method === undefined) break;
    if (OTHER_COLUMNS.has(method.name)) return elsewhere("the query chooses its columns itself");
    if (method.name === "query") {
      if (first === undefined || others.length > 0 || !isEntity(first)) return elsewhere("the query asks for more than one kind of row");
      return { kind: "query", entity: first.text, at: at.endIndex, methods, text: [...texts, rows.text].join("\n") };
    }
    // A session runs what `select` has made.
    if (
      (method.name === "scalars" || method.name === "execute") &&
      first !== undefined &&
      (first.type === "call" || first.type === "identifier" || first.type === "parenthesized_expression")
    ) {
      ran = true;
      scalars ||= method.name === "scalars";
      at = first;
      continue;
    }
    scalars ||= method.name === "scalars";
    if (!SAME_ROWS.has(method.name)) methods.push(method.name);
    at = method.object;
  }
  return elsewhere("the query is not in this function");
}

/** `Order` or `models.Order`, but no column `Order.id`. */
function isEntity(node: Node): boolean {
  const last = node.type === "attribute" ? (node.childForFieldName("attribute")?.text ?? "") : node.type === "identifier" ? node.text : "";
  return /^[A-Z]/.test(last);
}
