import { describe, expect, test } from "vitest";
import { findings, fixed } from "./offered.js";

const OBJECT = "javascript-object-in-hot-code";
const SEARCH = "javascript-search-in-loop";

/** A statement in a function; what becomes of the whole file. */
async function inFunction(statement: string, rule: string, head = "", file = "app.mjs"): Promise<string> {
  return fixed(file, `${head}export function work(rows, text) {\n  ${statement}\n}\n`, rule);
}

describe("an object made in hot code", () => {
  test.each([
    [`return new RegExp("a\\\\d", "i").test(text);`, `const WORK_PATTERN = new RegExp("a\\\\d", "i");`, "return WORK_PATTERN.test(text);"],
    [
      `return text.replace(new RegExp("a", "g"), "b");`,
      `const WORK_PATTERN = new RegExp("a", "g");`,
      `return text.replace(WORK_PATTERN, "b");`,
    ],
    [
      `const money = new Intl.NumberFormat("de", { style: "currency", currency: "EUR" });\n  return rows.map((row) => money.format(row));`,
      `const WORK_NUMBER_FORMAT = new Intl.NumberFormat("de", { style: "currency", currency: "EUR" });`,
      "const money = WORK_NUMBER_FORMAT;\n  return rows.map((row) => money.format(row));",
    ],
    [
      `return rows.sort(new Intl.Collator("sv").compare);`,
      `const WORK_COLLATOR = new Intl.Collator("sv");`,
      "return rows.sort(WORK_COLLATOR.compare);",
    ],
    [
      `return new Intl.DateTimeFormat("en", { timeZone: "UTC" }).format(0);`,
      `const WORK_DATE_FORMAT = new Intl.DateTimeFormat("en", { timeZone: "UTC" });`,
      "return WORK_DATE_FORMAT.format(0);",
    ],
  ])("%s", async (statement, definition, after) => {
    const head = `"use strict";\nimport fs from "node:fs"; // files\n`;
    expect(await inFunction(statement, OBJECT, head)).toBe(
      `${head.trimEnd()}\n\n${definition}\nexport function work(rows, text) {\n  ${after}\n}\n`,
    );
  });

  test.each([
    ["a text that a variable has", "return new RegExp(text).test(rows);"],
    ["a text with a field", "return new RegExp(`^${text}`).test(rows);"],
    ["a pattern that goes on where it was", `return new RegExp("a", "g").test(text);`],
    ["a sticky pattern", `return text.replace(new RegExp("a", "y"), "");`],
    ["a pattern that is wrong", `return new RegExp("(").test(text);`],
    ["a locale that is wrong", `return new Intl.NumberFormat("x").format(text);`],
    ["a pattern that is given away", `return new RegExp("a");`],
    ["a pattern that others get", `return rows.some((row) => row.matches(new RegExp("a")));`],
    ["a pattern that is changed", `const a = new RegExp("a");\n  a.lastIndex = 3;\n  return a.test(text);`],
    ["a pattern that may be another", `let a = new RegExp("a");\n  return a.test(text);`],
    ["a name that an inner function binds again", `const a = new RegExp("a");\n  return rows.map((a) => a.test(text));`],
    ["dates in the time zone of the moment", `return new Intl.DateTimeFormat("en").format(0);`],
    ["options that are computed", `return new Intl.NumberFormat("en", { minimumFractionDigits: rows }).format(0);`],
    ["options that are somebody's", `return new Intl.NumberFormat("en", { ...rows }).format(0);`],
  ])("no fix for %s", async (_, statement) => {
    expect(await inFunction(statement, OBJECT)).toBe("no fix");
  });

  test.each([
    ["outside of functions", `console.log(new RegExp("a").test("b"));\n`],
    ["where RegExp is another", `import { RegExp } from "re2";\nexport const work = (text) => new RegExp("a").test(text);\n`],
    ["where Intl is changed", `Intl.NumberFormat = Other;\nexport const work = (n) => new Intl.NumberFormat("en").format(n);\n`],
  ])("no fix %s", async (_, text) => {
    expect(await fixed("app.mjs", text, OBJECT)).toBe("no fix");
  });
});

describe("a search in a loop", () => {
  test.each([
    [
      "an array of texts before the loop",
      `const known = text.split(",");\n  let n = 0;\n  for (const row of rows) {\n    if (known.includes(row)) n++;\n  }\n  return n;`,
      `const known = text.split(",");\n  let n = 0;\n  const knownSet = new Set(known);\n  for (const row of rows) {\n    if (knownSet.has(row)) n++;\n  }\n  return n;`,
    ],
    [
      "a parameter that only arrays can be",
      `text.forEach(print);\n  return rows.filter((row) => !text.includes(row.id));`,
      `text.forEach(print);\n  const textSet = new Set(text);\n  return rows.filter((row) => !textSet.has(row.id));`,
    ],
    [
      "an index that is only compared",
      `const keys = Object.keys(text);\n  return rows.filter((row) => keys.indexOf(row) === -1);`,
      `const keys = Object.keys(text);\n  const keysSet = new Set(keys);\n  return rows.filter((row) => !keysSet.has(row));`,
    ],
    [
      "two loops in each other",
      `const known = text.split(",");\n  for (const row of rows) {\n    for (const one of row) if (known.includes(one)) return one;\n  }`,
      `const known = text.split(",");\n  const knownSet = new Set(known);\n  for (const row of rows) {\n    for (const one of row) if (knownSet.has(one)) return one;\n  }`,
    ],
  ])("%s", async (_, statement, after) => {
    expect(await inFunction(statement, SEARCH)).toBe(`export function work(rows, text) {\n  ${after}\n}\n`);
  });

  test("an array of the file that nobody changes", async () => {
    const before = `const KINDS = ["a", "b"];\nexport const work = (kind) => KINDS.includes(kind);\n`;
    expect(await fixed("app.mjs", before, SEARCH)).toBe(
      `const KINDS = ["a", "b"];\nconst KINDS_SET = new Set(KINDS);\nexport const work = (kind) => KINDS_SET.has(kind);\n`,
    );
  });

  test("a parameter that TypeScript knows", async () => {
    const text = (test: string): string =>
      `function work(rows: Row[], known: readonly string[]) {\n  return rows.filter((row) => ${test});\n}\n`;
    expect(await fixed("app.ts", text("known.indexOf(row.id) > -1"), SEARCH)).toBe(
      text("knownSet.has(row.id)").replace("  return", "  const knownSet = new Set(known);\n  return"),
    );
  });

  test.each([
    ["what may be a text", `return rows.filter((row) => text.includes(row));`],
    [
      "an array that grows in the loop",
      `const seen = [];\n  for (const row of rows) {\n    if (!seen.includes(row)) seen.push(row);\n  }\n  return seen;`,
    ],
    ["an array that the loop hands on", `const seen = [];\n  for (const row of rows) {\n    if (!seen.includes(row)) add(seen, row);\n  }`],
    [
      "an array that a function keeps",
      `const seen = [];\n  const add = () => other(seen);\n  for (const row of rows) {\n    if (!seen.includes(row)) add();\n  }`,
    ],
    [
      "a loop that waits",
      `const known = text.split(",");\n  for (const row of rows) {\n    if (known.includes(await row)) return row;\n  }`,
    ],
    ["a position to begin at", `const known = text.split(",");\n  for (const row of rows) if (known.includes(row, 1)) return row;`],
    ["an index that is used", `const known = text.split(",");\n  for (const row of rows) print(known.indexOf(row));`],
    [
      "NaN, which indexOf never finds",
      `const known = text.map(Number);\n  text.map(print);\n  for (const row of rows) if (text.indexOf(row) >= 0) return row;`,
    ],
    ["a single search", `const known = text.split(",");\n  return known.includes(rows);`],
    ["a few constants", `return rows.filter((row) => ["a", "b"].includes(row));`],
    ["constants that are objects", `return rows.filter((row) => [{}, {}, {}, {}, {}, {}, {}, {}].includes(row));`],
    [
      "an array of the loop itself",
      `for (const row of rows) {\n    const known = row.split(",");\n    if (known.includes(text)) return row;\n  }`,
    ],
    ["an inner function that anybody may call later", `const known = text.split(",");\n  return () => known.includes(rows);`],
    ["what may not be there", `text.map(print);\n  return rows.filter((row) => text?.includes(row));`],
    ["a name that is bound again", `const known = text.split(",");\n  return rows.map((known) => known.includes("a"));`],
  ])("no fix for %s", async (_, statement) => {
    expect(await inFunction(statement, SEARCH)).toBe("no fix");
  });

  test.each([
    ["where the file changes it", `const KINDS = ["a", "b"];\nKINDS.push("c");\nexport const work = (kind) => KINDS.includes(kind);\n`],
    ["where others may", `export const KINDS = ["a", "b"];\nexport const work = (kind) => KINDS.includes(kind);\n`],
  ])("no fix for an array of the file %s", async (_, text) => {
    expect(await fixed("app.mjs", text, SEARCH)).toBe("no fix");
  });
});

describe("a result that is copied for each element", () => {
  const SPREAD = "javascript-spread-accumulation";
  const after = (statement: string): string => `export function work(rows, text) {\n  ${statement}\n}\n`;
  test.each([
    [
      "return rows.reduce((all, row) => ({ ...all, [row.id]: row.name }), {});",
      "return Object.fromEntries(rows.map((row) => [row.id, row.name]));",
    ],
    ["return rows.reduce((all, { a }, at) => [...all, a + at], []);", "return rows.map(({ a }, at) => a + at);"],
    ["return rows.reduce((all, row) => [...all, { row }], []);", "return rows.map((row) => ({ row }));"],
    ["return rows.reduce((all, row) => [...all, ...row.parts, 1], []);", "return rows.flatMap((row) => [...row.parts, 1]);"],
  ])("%s", async (statement, fixedStatement) => {
    expect(await inFunction(statement, SPREAD)).toBe(after(fixedStatement));
  });

  test.each([
    ["what is counted so far", "return rows.reduce((all, row) => ({ ...all, [row]: (all[row] ?? 0) + 1 }), {});"],
    ["a start that has something", "return rows.reduce((all, row) => [...all, row], [text]);"],
    ["several keys", "return rows.reduce((all, row) => ({ ...all, [row.a]: 1, [row.b]: 2 }), {});"],
    ["a key that is always the same", "return rows.reduce((all, row) => ({ ...all, last: row }), {});"],
    ["what comes in front", "return rows.reduce((all, row) => [row, ...all], []);"],
    ["what waits", "return rows.reduce(async (all, row) => [...(await all), row], []);"],
    ["a callback that sees the array", "return rows.reduce((all, row, at, list) => [...all, list], []);"],
    ["what may not be there", "return rows?.reduce((all, row) => [...all, row], []);"],
  ])("no fix for %s", async (_, statement) => {
    expect(await inFunction(statement, SPREAD)).toBe("no fix");
  });
});

test("a function is named as a proof can reach it", async () => {
  const named = async (text: string): Promise<(string | undefined)[]> => (await findings("app.js", text)).map(({ subject }) => subject);
  const test = `return new RegExp("a").test(text);`;
  expect(await named(`class A {\n  b(text) {\n    ${test}\n  }\n}\n`)).toEqual(["A.b"]);
  expect(await named(`exports.b = function (text) {\n  ${test}\n};\n`)).toEqual(["exports.b"]);
  expect(await named(`const b = (text) => {\n  function inner() {\n    ${test}\n  }\n};\n`)).toEqual(["b"]);
  expect(await named(`register((text) => {\n  ${test}\n});\n`)).toEqual([undefined]);
  expect(await named(`class A {\n  #b(text) {\n    ${test}\n  }\n}\n`)).toEqual([undefined]);
});
