/**
 * A query for each row, N+1: `await prisma.user.findUnique({ where: { id: row.userId } })` in a loop, and the like of TypeORM and Sequelize. One query for all keys, or the relation loaded with the rows, does.
 *
 * Evidence: the line's share of the event.
 *
 * No change is written: which relation there is tells the schema, not the loop. Traps, each of which makes it no match: queries that don't read a variable of the loop; other methods.
 */
import { ofLines } from "../evidence.js";
import type { Rule } from "../rule.js";
import { functionAround, repeatedBy } from "./names.js";

/** By method: whose it is, and what loads all at once. */
const METHODS: Readonly<Record<string, readonly [string, string]>> = {
  findUnique: ["Prisma", "include the relation in the query for the rows, or ask findMany({ where: { id: { in: ids } } }) once"],
  findUniqueOrThrow: ["Prisma", "include the relation in the query for the rows, or ask findMany({ where: { id: { in: ids } } }) once"],
  findFirst: ["Prisma", "include the relation in the query for the rows, or ask findMany once"],
  findOneBy: ["TypeORM", "name the relation in relations of the query for the rows, or ask findBy({ id: In(ids) }) once"],
  findOneByOrFail: ["TypeORM", "name the relation in relations of the query for the rows, or ask findBy({ id: In(ids) }) once"],
  findByPk: ["Sequelize", "include the model in the query for the rows, or ask findAll({ where: { id: ids } }) once"],
};

export const queryInLoop: Rule = {
  id: "javascript-query-in-loop",
  language: "javascript",
  nodes: ["await_expression"],
  callees: [],
  saves: ofLines,
  match(awaited) {
    const call = awaited.firstNamedChild;
    const method = call?.childForFieldName("function")?.childForFieldName("property")?.text ?? "";
    const known = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
    const within = functionAround(awaited);
    const loop = within && repeatedBy(awaited, within);
    const bound = loop?.type === "for_in_statement" ? loop.childForFieldName("left") : undefined;
    const names = new Set(
      bound
        ? [
            bound.text,
            ...bound.descendantsOfType(["identifier", "shorthand_property_identifier_pattern"]).flatMap((each) => each?.text ?? []),
          ]
        : [],
    );
    const isOfRow = call
      ?.childForFieldName("arguments")
      ?.descendantsOfType(["identifier", "shorthand_property_identifier"])
      .some((each) => each !== null && names.has(each.text));
    if (known === undefined || isOfRow !== true) return undefined;
    const [library, advice] = known;
    return {
      title: `Load the rows of ${library} together`,
      reason: "is spent on a query for each row",
      node: awaited,
      edits: [],
      refusal: `${library}'s schema tells the relation, not this loop; ${advice}`,
    };
  },
};
