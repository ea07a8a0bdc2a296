/** Each JavaScript rule's own change of a typical program, proved for real; and a trap of it, which no rule sees and the proof does. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { proveFix } from "../../../prover/prove-fix.js";
import type { ProofRecord } from "../../../protocol/fixes.js";
import { findings, syntax } from "../analysis/offered.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flameline-node-rules-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function proof(rule: string, program: string): Promise<ProofRecord> {
  const file = join(folder, "app.mjs");
  writeFileSync(file, program);
  const finding = (await findings(file, program)).find((each) => each.rule === rule);
  if (finding === undefined) throw new Error(`${rule} finds nothing`);
  return proveFix({
    root: folder,
    file,
    text: program,
    finding,
    process: { commandLine: [process.execPath, "app.mjs"], workingDirectory: folder },
    copies: join(tmpdir(), "flameline-node-rules-copies"),
    harness: join(import.meta.dirname, "../../../prover/python-harness/run.py"),
    syntax,
    environment: process.env,
    seconds: 100,
    signal: new AbortController().signal,
    progress: () => undefined,
  });
}

const main = (call: string): string => `\nfor (let n = 0; n < 60; n++) {\n  ${call};\n}\n`;
const KINDS = `["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "omega"]`;

const GOOD: readonly (readonly [rule: string, what: string, program: string])[] = [
  [
    "javascript-object-in-hot-code",
    "a formatter",
    `export function work(rows) {\n  return rows.map((row) => new Intl.NumberFormat("de", { minimumFractionDigits: 2 }).format(row));\n}\n${main("work([n, n / 3, -n])")}`,
  ],
  [
    "javascript-search-in-loop",
    "an array of the function",
    `export function work(rows, text) {\n  const known = text.split(" ");\n  const left = [];\n  for (const row of rows) {\n    if (!known.includes(row)) left.push(row);\n  }\n  return left;\n}\nconst TEXT = Array.from({ length: 80 }, (_, at) => "w" + at).join(" ");\n${main('work(["w70", "w" + n, "z" + n, "w79", "none"].concat(Array.from({ length: 40 }, (_, at) => "w" + at * 3)), TEXT)')}`,
  ],
  [
    "javascript-search-in-loop",
    "constants",
    `class Reader {\n  constructor(rows) {\n    this.rows = rows;\n  }\n  known() {\n    return this.rows.filter((row) => ${KINDS}.indexOf(row) !== -1).length;\n  }\n}\n${main('new Reader(["omega", "x" + n, "lambda", "alpha", "none"]).known()')}`,
  ],
];

const TRAPS: readonly (readonly [rule: string, what: string, program: string])[] = [
  [
    "javascript-object-in-hot-code",
    "another formatter takes over",
    `export function work(rows) {\n  if (rows.length === 2) globalThis["Intl"].NumberFormat = class {\n    format(row) {\n      return "!" + row;\n    }\n  };\n  return rows.map((row) => new Intl.NumberFormat("de").format(row));\n}\n${main("work([n, n / 3, -n].slice(n % 3))")}`,
  ],
  [
    "javascript-search-in-loop",
    "the array grows under another name",
    `export function work(rows, known, found) {\n  known.forEach(Number);\n  for (const row of rows) {\n    if (!known.includes(row)) found.push(row);\n  }\n  return found;\n}\n${main("const all = [n]; work([1, 2, 2, n], all, all)")}`,
  ],
];

describe("the change of", () => {
  test.each(GOOD)(
    "%s is proved for %s",
    async (rule, _, program) => {
      const record = await proof(rule, program);
      expect(record, record.reason).toMatchObject({ verdict: "proved" });
      expect(record.speedup?.low).toBeGreaterThanOrEqual(1.05);
    },
    90_000,
  );

  test.each(TRAPS)(
    "%s is never proved where %s",
    async (rule, _, program) => {
      const record = await proof(rule, program);
      expect(record, record.reason).toMatchObject({ verdict: "failed" });
      expect(record.reason).toMatch(/^It behaves differently/);
      expect(record.speedup).toBeUndefined();
    },
    60_000,
  );
});
