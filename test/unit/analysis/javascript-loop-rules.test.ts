import { describe, expect, test } from "vitest";
import { findings, fixed } from "./offered.js";

/** Statements of an async function, and what the rule makes of them. */
async function becomes(rule: string, statements: string, head = ""): Promise<string> {
  const [before, after] = [`${head}export async function work(rows, text) {\n  `, "\n}\n"];
  const text = await fixed("app.mjs", `${before}${statements.replaceAll("\n", "\n  ")}${after}`, `javascript-${rule}`);
  return text === "no fix" ? text : text.slice(before.length, -after.length).replaceAll("\n  ", "\n");
}

const CHANGES: readonly (readonly [string, string, string])[] = [
  [
    "spread-accumulation",
    "return rows.reduce((all, row) => {\n  const { id, ...rest } = row;\n  return { ...all, [id]: rest };\n}, {});",
    "return Object.fromEntries(rows.map((row) => {\n  const { id, ...rest } = row;\n  return [id, rest];\n}));",
  ],
  [
    "spread-accumulation",
    "return rows.reduce((all, row) => Object.assign({}, all, { [row.id]: row }), {});",
    "return Object.fromEntries(rows.map((row) => [row.id, row]));",
  ],
  [
    "await-in-loop",
    "const found = [];\nfor (const row of rows) found.push(await load(row));\nreturn found;",
    "const found = [];\nfor (let at = 0; at < rows.length; at += 8) found.push(...(await Promise.all(rows.slice(at, at + 8).map((row) => load(row)))));\nreturn found;",
  ],
  [
    "await-in-loop",
    "for (const { id } of rows) {\n  await text.remove(id);\n}",
    "for (let at = 0; at < rows.length; at += 8) await Promise.all(rows.slice(at, at + 8).map(({ id }) => text.remove(id)));",
  ],
  [
    "find-in-loop",
    "const users = Object.values(text);\nfor (const row of rows) {\n  row.user = users.find((user) => user.id === row.userId);\n}",
    "const users = Object.values(text);\nconst usersById = new Map(users.map((user) => [user.id, user]).reverse());\nfor (const row of rows) {\n  row.user = usersById.get(row.userId);\n}",
  ],
  [
    "keys-in-loop",
    "for (const row of rows) {\n  if (Object.keys(text).includes(row)) return row;\n}",
    "const textKeys = Object.keys(text);\nfor (const row of rows) {\n  if (textKeys.includes(row)) return row;\n}",
  ],
  ["concat-accumulation", "return rows.reduce((all, row) => all.concat(row.parts), []);", "return rows.flatMap((row) => row.parts);"],
  [
    "concat-accumulation",
    "return rows.reduce(function (all, row) { const files = known(row); return all.concat(files); }, []);",
    "return rows.flatMap((row) => { const files = known(row); return files; });",
  ],
  [
    "concat-accumulation",
    "let all = [];\nfor (const row of rows) {\n  all = [...all, row.id];\n}\nreturn all;",
    "let all = [];\nfor (const row of rows) {\n  all.push(row.id);\n}\nreturn all;",
  ],
  [
    "concat-accumulation",
    "let all = [];\nfor (const row of rows) all = all.concat(row);\nreturn all;",
    "let all = [];\nfor (const row of rows) for (const each of [].concat(row)) all.push(each);\nreturn all;",
  ],
];

describe("work that a loop repeats", () => {
  test.each(CHANGES)("%s", async (rule, before, after) => {
    expect(await becomes(rule, before)).toBe(after);
  });

  test.each([
    [
      "spread-accumulation",
      "another way out",
      "return rows.reduce((all, row) => {\n  if (!row) return all;\n  return { ...all, [row.id]: row };\n}, {});",
    ],
    [
      "spread-accumulation",
      "what looks at the result",
      "return rows.reduce((all, row) => {\n  const known = all[row.id];\n  return { ...all, [row.id]: known };\n}, {});",
    ],
    [
      "await-in-loop",
      "a call that reads what is collected",
      "const found = [];\nfor (const row of rows) found.push(await load(row, found.length));",
    ],
    ["await-in-loop", "two steps", "for (const row of rows) {\n  await load(row);\n  await save(row);\n}"],
    ["await-in-loop", "what waits already", "for await (const row of rows) await load(row);"],
    ["await-in-loop", "a sum", "let sum = 0;\nfor (const row of rows) await load((sum += row));"],
    [
      "find-in-loop",
      "a comparison that converts",
      "const users = Object.values(text);\nfor (const row of rows) row.user = users.find((user) => user.id == row.userId);",
    ],
    [
      "find-in-loop",
      "a key that the loop changes",
      "const users = Object.values(text);\nfor (const row of rows) {\n  row.id = users.find((user) => user.id === row.userId);\n}",
    ],
    [
      "find-in-loop",
      "a list that grows",
      "const users = Object.values(text);\nfor (const row of rows) {\n  row.user = users.find((user) => user.id === row.userId);\n  users.push(row);\n}",
    ],
    [
      "find-in-loop",
      "more than the key",
      "const users = Object.values(text);\nfor (const row of rows) row.user = users.find((user) => user.id === row.userId && user.ok);",
    ],
    ["keys-in-loop", "an object that grows", "for (const row of rows) {\n  text[row] = Object.keys(text).length;\n}"],
    ["keys-in-loop", "an object that loses keys", "for (const row of rows) {\n  delete text[row];\n  print(Object.keys(text).length);\n}"],
    ["keys-in-loop", "an object that others get", "for (const row of rows) note(text, Object.keys(text).length);"],
    ["keys-in-loop", "an object of the loop", "for (const row of rows) print(Object.keys(row).length);"],
    ["keys-in-loop", "a list that is kept", "for (const row of rows) row.keys = Object.keys(text);"],
    ["concat-accumulation", "a list that the loop reads", "let all = [];\nfor (const row of rows) {\n  all = [...all, all.length];\n}"],
    ["concat-accumulation", "a list that somebody has", "let all = [];\nkeep(all);\nfor (const row of rows) all = [...all, row];"],
    ["concat-accumulation", "a start", "return rows.reduce((all, row) => all.concat(row), text);"],
    [
      "concat-accumulation",
      "a function with a this",
      "return rows.reduce(function (all, row) { return all.concat(this.parts(row)); }, []);",
    ],
    ["concat-accumulation", "two parts", "return rows.reduce((all, row) => all.concat(row, 1), []);"],
    ["concat-accumulation", "a copy outside of loops", "let all = [];\nall = [...all, rows];"],
  ])("%s: no fix for %s", async (rule, _, before) => {
    expect(await becomes(rule, before)).toBe("no fix");
  });
});

describe("copies by JSON", () => {
  test("a function of the file copies what is plain", async () => {
    const after = await fixed("app.mjs", "export const work = (row) => JSON.parse(JSON.stringify(row));\n", "javascript-copy-by-json");
    expect(after).toContain("export const work = (row) => copyAsJson(row);\n\n// What JSON makes");
    const module = (await import(`data:text/javascript,${encodeURIComponent(after)}`)) as { work: (value: unknown) => unknown };
    const copy = module.work;
    const date = new Date(0);
    const values: unknown[] = [
      { a: [1, undefined, () => 1, Array.from({ length: 2 }), Number.NaN, -0, "é"], b: undefined, c: { d: null, e: date }, 2: 1, 1: 2 },
      [
        date,
        new Map([[1, 2]]),
        new (class Point {
          x = 1;
        })(),
        Object.create(null),
        new Boolean(false),
        Symbol.iterator,
      ],
      JSON.parse('{"__proto__": {"x": 1}}'),
      { toJSON: () => 7 },
      undefined,
      Number.POSITIVE_INFINITY,
    ];
    for (const value of values) {
      const text = JSON.stringify(value);
      const copied = copy(value);
      expect(copied).toStrictEqual(text === undefined ? undefined : JSON.parse(text));
      expect(JSON.stringify(copied)).toBe(text);
    }
    expect(() => copy([1n])).toThrow(TypeError);
  });

  test.each(["JSON.parse(JSON.stringify(rows, null))", "JSON.parse(JSON.stringify(rows), text)", "JSON.parse(rows)"])(
    "no fix for %s",
    async (call) => {
      expect(await becomes("copy-by-json", `return ${call};`)).toBe("no fix");
    },
  );
});

describe("servers", () => {
  const FS = 'import fs from "node:fs";\n\n';

  test("a file that is read while all wait", async () => {
    expect(await becomes("sync-file", 'return fs.readFileSync(text, "utf8").length;', FS)).toBe(
      'return (await fs.promises.readFile(text, "utf8")).length;',
    );
    expect(await becomes("sync-file", "return rows.map((row) => fs.readFileSync(row));", FS)).toBe("no fix");
    expect(await becomes("sync-file", "return fs.readFileSync(text);", 'import fs from "memfs";\n')).toBe("no fix");
  });

  test("a query for each row is shown, and which one would do", async () => {
    const text =
      "export async function work(rows, prisma) {\n  for (const row of rows) {\n    row.user = await prisma.user.findUnique({ where: { id: row.userId } });\n  }\n}\n";
    const found = (await findings("app.ts", text)).find(({ rule }) => rule === "javascript-query-in-loop");
    expect(found).toMatchObject({ edits: [], refusal: expect.stringContaining("findMany({ where: { id: { in: ids } } })") });
    const once = (await findings("app.ts", text.replace("row.userId", "1"))).find(({ rule }) => rule === "javascript-query-in-loop");
    expect(once).toBeUndefined();
  });
});
