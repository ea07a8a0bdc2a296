/**
 * N+1: a relationship that is read row by row in a loop over a query's rows, so that SQLAlchemy asks the database once more for each row:
 * `for order in session.scalars(select(Order)): order.items`. With `selectinload` in the query one more query brings them all; `joinedload`, which needs none, only where
 * the class in the same file says that it is one row and nothing limits the rows.
 *
 * Evidence: samples below `_emit_lazyload` of SQLAlchemy's loading strategies below the line that reads the attribute. Rows that are in the session already are
 * found without it, so what is measured is queries.
 *
 * Traps: a LIMIT, a DISTINCT or a grouping, with which a join means something else (`selectinload` asks apart); collections by a join, which want `unique()`;
 * commits and refreshes in the loop, after which rows load anew; a query whose columns are chosen otherwise; attributes that are written there. Rows that the loop
 * changes in the database behind the session's back are for the proof.
 *
 * Where the query is not in the same function nothing is changed, and why is said.
 */
import type { TextEdit } from "../../finding.js";
import type { Match, Rule } from "../../rule.js";
import { addFromImport } from "./from-import.js";
import { binderOf } from "./loop-rows.js";
import { queryOf } from "./sqlalchemy-query.js";
import { declaredAs, isOnlyRead, useOf } from "./relationship.js";

const EMITS = "sqlalchemy.orm.strategies._emit_lazyload";
/** Methods of a session after which what was loaded is loaded again. */
const LOADS_ANEW = /\.(commit|rollback|refresh|expire|expire_all|expunge|expunge_all)\(/;
/** With these in the query a join would change what it means, or how many rows there are. */
const NO_JOIN = new Set([
  "limit",
  "offset",
  "slice",
  "distinct",
  "group_by",
  "having",
  "yield_per",
  "with_for_update",
  "union",
  "union_all",
  "join",
  "outerjoin",
]);

export const sqlalchemyLazyLoad: Rule = {
  id: "python-sqlalchemy-lazy-load",
  language: "python",
  nodes: ["attribute"],
  callees: [EMITS],
  saves: (heat, startLine, endLine) => heat.below(startLine, endLine, EMITS),
  match(read) {
    const row = read.childForFieldName("object");
    const name = read.childForFieldName("attribute")?.text ?? "";
    const use = row?.type === "identifier" ? useOf(read) : undefined;
    if (!row || use === undefined || (use === "unclear" && !isOnlyRead(read, row.text))) return undefined;
    const binder = binderOf(read, row.text);
    if (binder === undefined) return undefined;
    const refused = (why: string): Match => ({
      title: `Load ${name} with the rows`,
      reason: `is spent on asking the database for ${name}, row by row`,
      node: read,
      edits: [],
      refusal: why,
    });
    if (binder.kind === "parameter") {
      // `self.items` and the like are anything.
      if (use === "unclear" || row.text === "self" || row.text === "cls") return undefined;
      return refused(`the rows come from the callers of ${binder.of}; add selectinload for ${name} to the query that gives them`);
    }
    const query = queryOf(binder.rows);
    if (query.kind === "elsewhere") {
      return use === "unclear" ? undefined : refused(`${query.why}; add selectinload for ${name} to the query that gives them`);
    }
    const { entity, methods, at } = query;
    const declared = declaredAs(read.tree.rootNode, entity, name);
    if (declared === "other" || LOADS_ANEW.test(binder.scope.text) || isLoadedAlready(query.text, entity, name)) return undefined;
    const join = declared === "to-one" && !methods.some((each) => NO_JOIN.has(each));
    const loader = join ? "joinedload" : "selectinload";
    const imported = addFromImport(read.tree.rootNode, "sqlalchemy.orm", loader);
    if (imported === undefined) return undefined;
    const edits: TextEdit[] = [...imported, { start: at, end: at, text: `.options(${loader}(${entity}.${name}))` }];
    return {
      title: join ? `Load ${name} in the same query, with ${loader}` : `Load ${name} of all rows with one query, with ${loader}`,
      reason: `is spent on asking the database for ${name}, row by row`,
      node: read,
      edits,
    };
  },
};

/** Whether the query has a loader for the attribute: another one would only contradict it. */
function isLoadedAlready(query: string, entity: string, name: string): boolean {
  return query.replaceAll(/\s/g, "").includes(`load(${entity}.${name})`);
}
