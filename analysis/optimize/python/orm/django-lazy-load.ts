/**
 * N+1 in Django: `for order in Order.objects.filter(…): order.customer.name` asks for each customer by a query of its own, `order.items.all()` for each order's items.
 * `select_related("customer")` brings one row with the same query; `prefetch_related("items")` many with one more.
 *
 * Evidence: samples below the line that reads the attribute, below `get_object` of the related descriptors (it is called for rows that aren't there yet) or, of many, below
 * `_fetch_all` of query sets.
 *
 * Traps: filters behind the relation (`order.items.filter(…)`), which no prefetch serves; `values`, `iterator`, unions and raw queries, whose rows aren't objects or can't be
 * prefetched; `only`, `defer` and locks, with which a join contradicts or locks more (there `prefetch_related` asks apart, also for one row); what the query brings along
 * already. Rows that the loop changes are for the proof.
 *
 * A way over several rows, `loan.book.author.name`, is one relation, `book__author`. The rows may come from a related manager, as in Read the Docs before 5.12.2:
 * `repository.remote_relations.filter(…)`; that it is one, the methods of query sets say.
 *
 * Where the query is not in the same function nothing is changed, and why is said.
 */
import type { Node } from "@vscode/tree-sitter-wasm";
import type { Match, Rule } from "../../rule.js";
import { functionAround } from "../names.js";
import { binderOf, calledMethod, calledName, localValue, plainArguments } from "./loop-rows.js";
import { isOnlyRead, useOf } from "./relationship.js";

const OF_ONE = "django.db.models.fields.related_descriptors.get_object";
const OF_MANY = "django.db.models.query._fetch_all";
const NO_OBJECTS = new Set([
  "values",
  "values_list",
  "raw",
  "iterator",
  "union",
  "intersection",
  "difference",
  "dates",
  "datetimes",
  "aggregate",
  "in_bulk",
]);
const NO_JOIN = new Set(["only", "defer", "select_for_update"]);
/** What a manager of many rows has, and a row hardly. */
const OF_MANAGERS = new Set(
  "filter exclude order_by first last count exists create add remove set clear get values values_list aggregate annotate latest earliest update delete".split(
    " ",
  ),
);
const OF_RELATED = new Set(["all", "filter", "exclude", "order_by", "only", "defer", "distinct", "annotate"]);
const SAME_ROWS_FUNCTIONS = new Set(["list", "tuple", "enumerate", "sorted", "reversed", "iter"]);
const MOST_STEPS = 30;

const rule = (many: boolean): Rule => ({
  id: many ? "python-django-prefetch-related" : "python-django-select-related",
  language: "python",
  nodes: ["attribute"],
  callees: [many ? OF_MANY : OF_ONE],
  saves: (heat, startLine, endLine) => heat.below(startLine, endLine, many ? OF_MANY : OF_ONE),
  match: (read) => match(read, many),
});

export const djangoSelectRelated = rule(false);
export const djangoPrefetchRelated = rule(true);

function match(read: Node, many: boolean): Match | undefined {
  const way = wayOf(read);
  if (way === undefined) return undefined;
  const { row, name } = way;
  if (!isRead(read, row.text, many) || (!many && goesOn(read))) return undefined;
  const binder = binderOf(read, row.text);
  if (binder === undefined || (binder.kind === "parameter" && (row.text === "self" || row.text === "cls"))) return undefined;
  const method = many ? "prefetch_related" : "select_related";
  const reason = `is spent on asking the database for ${name}, row by row`;
  const refused = (why: string): Match => ({
    title: `Load ${name} with the rows`,
    reason,
    node: read,
    edits: [],
    refusal: `${why}; add ${method}("${name}") to the query that gives them`,
  });
  if (binder.kind === "parameter") return refused(`the rows come from the callers of ${binder.of}`);
  const query = querySetOf(binder.rows);
  if (typeof query === "string") return refused(query);
  if (new RegExp(`_related\\([^)]*["']${name}["']`).test(query.text)) return undefined;
  const chosen = !many && query.methods.some((each) => NO_JOIN.has(each)) ? "prefetch_related" : method;
  return {
    title:
      chosen === "select_related"
        ? `Load ${name} in the same query, with select_related`
        : `Load ${name} of all rows with one query, with prefetch_related`,
    reason,
    node: read,
    edits: [{ start: query.at, end: query.at, text: `.${chosen}("${name}")` }],
  };
}

/** `book__author` of `loan.book.author`, with `loan`. */
function wayOf(read: Node): { readonly row: Node; readonly name: string } | undefined {
  const names: string[] = [];
  let at = read;
  while (at.type === "attribute") {
    names.unshift(at.childForFieldName("attribute")?.text ?? "");
    const object = at.childForFieldName("object");
    if (object === null) return undefined;
    at = object;
  }
  return at.type === "identifier" ? { row: at, name: names.join("__") } : undefined;
}

/** Whether `loan.book` is only the first part of the way to `loan.book.author.name`, which is found for itself. */
function goesOn(read: Node): boolean {
  const outer = read.parent?.type === "attribute" ? read.parent : undefined;
  return outer?.parent?.type === "attribute" && useOf(outer) === "one" && outer.parent.parent?.type !== "call";
}

/** `order.items.all()` of many, `order.customer.name` of one. */
function isRead(read: Node, row: string, many: boolean): boolean {
  const outer = read.parent?.type === "attribute" ? (read.parent.childForFieldName("attribute")?.text ?? "") : undefined;
  const isAll = outer === "all" && read.parent?.parent?.type === "call" && plainArguments(read.parent.parent).length === 0;
  if (many) return isAll && !isFilteredAgain(read.parent.parent);
  if (isAll || (outer !== undefined && OF_MANAGERS.has(outer))) return false;
  const use = useOf(read);
  // What is read of a row of a row may be a plain value, unless something is read of it.
  if (read.childForFieldName("object")?.type === "attribute" && (use !== "one" || isCalled(read))) return false;
  return use === "one" || (use === "unclear" && isOnlyRead(read, row));
}

/** `loan.book.title.upper()`. */
function isCalled(read: Node): boolean {
  return read.parent?.parent?.type === "call" && read.parent.parent.childForFieldName("function")?.id === read.parent.id;
}

/** `order.items.all().filter(…)`. */
function isFilteredAgain(all: Node): boolean {
  return all.parent?.type === "attribute";
}

interface FoundQuerySet {
  /** Offset behind `Order.objects`. */
  readonly at: number;
  readonly methods: readonly string[];
  readonly text: string;
}

/** The query of the rows, or why it can't be told. */
function querySetOf(rows: Node): FoundQuerySet | string {
  const methods: string[] = [];
  const texts = [rows.text];
  let at = rows;
  for (let step = 0; step < MOST_STEPS; step++) {
    const method = calledMethod(at);
    const name = calledName(at);
    if (at.type === "attribute" && at.childForFieldName("attribute")?.text === "objects") {
      const model = at.childForFieldName("object")?.text ?? "";
      return /(^|\.)[A-Z]\w*$/.test(model) ? { at: at.endIndex, methods, text: texts.join("\n") } : "the query is not in this function";
    }
    if (isManager(at, methods.at(-1))) return { at: at.endIndex, methods, text: texts.join("\n") };
    if (at.type === "identifier") {
      const value = localValue(at);
      if (value === undefined) return `what ${at.text} is, this function doesn't tell`;
      texts.push(functionAround(at)?.text ?? "");
      at = value;
    } else if (at.type === "subscript" || at.type === "parenthesized_expression") {
      const inner = at.firstNamedChild;
      if (inner === null) break;
      at = inner;
    } else if (method !== undefined) {
      if (NO_OBJECTS.has(method.name)) return `${method.name} gives no rows that could bring others along`;
      methods.push(method.name);
      at = method.object;
    } else if (name !== undefined) {
      const [first] = plainArguments(at);
      if (!SAME_ROWS_FUNCTIONS.has(name) || first === undefined) return `the query is in ${name}`;
      at = first;
    } else break;
  }
  return "the query is not in this function";
}

/** Whether `order.items` of `order.items.filter(…)` is a manager of related rows, by the method that follows: lists and queries of SQLAlchemy have no such one there. */
function isManager(node: Node, method: string | undefined): boolean {
  if (node.type !== "attribute" || method === undefined || !OF_RELATED.has(method)) return false;
  return !/^(query|session|objects)$/.test(node.childForFieldName("attribute")?.text ?? "query");
}
