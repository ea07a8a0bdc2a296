/** Proofs of changes to real JavaScript and TypeScript, run for real: what only looks right is not proved, and nothing reaches outside. */
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { proveFix } from "../../../prover/prove-fix.js";
import type { ProofRecord } from "../../../protocol/fixes.js";
import { syntax } from "../analysis/offered.js";

const ROOT = join(import.meta.dirname, "../../..");
/** Any add-on that there is. */
const addOn = [
  "@oxc-resolver/binding-linux-x64-gnu/resolver.linux-x64-gnu.node",
  "@oxc-resolver/binding-linux-arm64-gnu/resolver.linux-arm64-gnu.node",
]
  .map((each) => join(ROOT, "node_modules", each))
  .find((each) => existsSync(each));

let home: string;
let folder: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "flameline-node-prover-"));
  folder = join(home, "work");
  mkdirSync(folder);
  mkdirSync(join(home, "tmp"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

interface Change {
  /** `OLD` stands for what changes. */
  readonly program: string;
  readonly from: string;
  readonly to: string;
  readonly name?: string;
  readonly subject?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly commandLine?: readonly string[];
}

/** Proves the change of a program that was recorded as `node app.mjs`. */
async function proof({ program, from, to, name = "app.mjs", subject = "work", files = {}, commandLine }: Change): Promise<ProofRecord> {
  const text = program.replace("OLD", () => from);
  const start = program.indexOf("OLD");
  const file = join(folder, name);
  for (const [path, content] of Object.entries({ [name]: text, ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  const described = { id: "x", kind: "fix", rule: "x", title: "", message: "", event: "cpu", share: 0.5, expectedGain: 2 } as const;
  const edits = [{ start, end: start + from.length, text: to }];
  return proveFix({
    root: folder,
    file,
    text,
    finding: { ...described, startLine: 1, endLine: 1, start, end: start + from.length, edits, subject },
    process: { commandLine: commandLine ?? [process.execPath, name], workingDirectory: folder },
    copies: join(home, "tmp"),
    harness: join(ROOT, "prover/python-harness/run.py"),
    syntax,
    environment: process.env,
    seconds: 120,
    signal: new AbortController().signal,
    progress: () => undefined,
  });
}

const CALLS = `
for (let n = 0; n < 40; n++) work(["ab cd  ef".slice(n % 4), "x".repeat(n % 5), String(n)]);
`;
const MAPS = `function work(words) {\n  return words.map((word) => OLD);\n}\n${CALLS}`;

describe("a change", () => {
  test.each([
    ["splits at other blanks", "word.split(' ')", "word.split(/ +/)"],
    ["gives another kind of number", "word.length", "BigInt(word.length)"],
    ["gives the other zero", "-0", "0"],
    ["throws something else", "word.codePointAt(-1).x", "null.x"],
    ["leaves a list sorted", "[...words].sort()", "words.sort().slice()"],
    ["answers the argument itself", "words.slice()", "words"],
    ["prints something else", "console.log(word)", "console.log(word, '')"],
    ["has keys in another order", "({ a: 1, b: word })", "({ b: word, a: 1 })"],
    ["has another order in a Map", "new Map([[1, 2], [word, 4]])", "new Map([[word, 4], [1, 2]])"],
    ["leaves a hole", "[undefined]", "new Array(1)"],
    ["has another prototype", "({ word })", "Object.assign(Object.create(null), { word })"],
    ["remembers where it was", "/[b-f]/.test(word)", "(globalThis.kept ??= /[b-f]/g).test(word)"],
    ["is found only by what nobody passed", "word.includes('\\n')", "false"],
    ["doesn't end", "word.length", "(() => { for (;;); })()"],
    ["isn't known", "word.length", "length(word)"],
  ])(
    "that %s is never proved",
    async (_, from, to) => {
      const record = await proof({ program: MAPS, from, to });
      expect(record).toMatchObject({ verdict: "failed" });
      expect(record.speedup).toBeUndefined();
      expect(record.reason).toMatch(/^It behaves differently: work\(.+\) (returned|threw) /);
    },
    60_000,
  );

  test.each([
    ["depends on chance", "", "Math.random()"],
    ["depends on the time", "", "performance.now()"],
    ["writes a file", 'import { appendFileSync } from "node:fs";\n', 'appendFileSync("seen", "x")'],
    [
      "writes a file and goes on",
      'import fs from "node:fs";\n',
      '(() => { try { fs.writeFileSync("/tmp/flameline-seen", "x"); } catch {} })()',
    ],
    ["starts a process", 'import { spawnSync } from "node:child_process";\n', 'spawnSync("true").status'],
    ["opens a connection", 'import net from "node:net";\n', 'net.connect(9, "127.0.0.1").on("error", () => {}).destroyed'],
    ["has private fields", "class Box {\n  #x = 1;\n  get x() {\n    return this.#x;\n  }\n}\n", "new Box()"],
  ])(
    "of code that %s is refused",
    async (_, head, code) => {
      const from = `[${code}, word.length]`;
      const record = await proof({ program: `${head}${MAPS}`, from, to: `[${code}, word["length"]]` });
      expect(record).toMatchObject({ verdict: "refused" });
      expect(record.reason).toMatch(
        /does not do the same|can't be proved: (it (writes a file|starts a process|opens a connection)|.* private fields)/,
      );
      expect(readdirSync(folder)).toEqual(["app.mjs"]);
      expect(existsSync("/tmp/flameline-seen")).toBe(false);
      expect(readdirSync(join(home, "tmp"))).toEqual([]);
    },
    60_000,
  );

  test.skipIf(addOn === undefined)(
    "of code that calls a native driver is refused, and of a file that only loads one it isn't",
    async () => {
      // Another add-on in a driver's folder: the name is what tells, and nothing listens here.
      const driver = join(home, "node_modules/libpq/build/Release");
      mkdirSync(driver, { recursive: true });
      copyFileSync(addOn ?? "", join(driver, "addon.node"));
      writeFileSync(join(driver, "../../package.json"), '{ "main": "build/Release/addon.node" }');
      const head = 'import { createRequire } from "node:module";\nconst driver = createRequire(import.meta.url)("libpq");\n';
      const call = "(() => { try { driver[Object.keys(driver).find((name) => typeof driver[name] === 'function')](); } catch {} })()";
      const from = `[${call}, word.length]`;
      const refused = await proof({ program: `${head}${MAPS}`, from, to: `[${call}, word["length"]]` });
      expect(refused).toMatchObject({ verdict: "refused", reason: "work can't be proved: it uses a native driver." });
      const loaded = await proof({ program: `${head}${MAPS}`, from: "JSON.parse(JSON.stringify(word.repeat(9)))", to: "word.repeat(9)" });
      expect(loaded).toMatchObject({ verdict: "proved" });
    },
    90_000,
  );

  test("whose calls have functions says why it can't be proved", async () => {
    const program = `function work(rows, name) {\n  return rows.map(() => OLD);\n}\nwork([1], function name() {});\n`;
    const record = await proof({ program, from: "name", to: "name.name" });
    expect(record.reason).toBe("work can't be proved: its calls have the function name, which can't be copied.");
  }, 30_000);

  test("of an asynchronous function is compared by what it resolves to", async () => {
    const program = `async function work(words) {\n  await null;\n  return OLD;\n}\n${CALLS}`;
    const record = await proof({ program, from: "words.at(-1)", to: "words[1]" });
    expect(record.reason).toMatch(/^It behaves differently: work\(.+\) resolved to '\d+', and then resolved to /);
  }, 60_000);
});

/** The libraries of this project, for those that a test puts in its own. */
function give(...names: readonly string[]): void {
  mkdirSync(join(folder, "node_modules/.bin"), { recursive: true });
  for (const name of names) {
    symlinkSync(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
    const bin = join(ROOT, "node_modules/.bin", name);
    if (existsSync(bin)) cpSync(bin, join(folder, "node_modules/.bin", name), { verbatimSymlinks: true });
  }
}

const TYPED = `export interface Row {\n  readonly kind: string;\n}\nexport function work(rows: readonly Row[], known: readonly string[]): number {\n  return OLD;\n}\n`;

describe("TypeScript", () => {
  const found = { program: TYPED, name: "src/app.ts", from: "rows.filter((row) => known.indexOf(row.kind) >= 0).length" };

  test("of a project with neither tsx nor esbuild is refused with what to do", async () => {
    const record = await proof({ ...found, to: "0" });
    expect(record).toMatchObject({ verdict: "refused", reason: expect.stringMatching(/only through the project's own tsx or esbuild/) });
  });

  test("is proved by the calls and the judgement of the project's own tests, run by vitest", async () => {
    give("esbuild", "vitest");
    const files = {
      "package.json": JSON.stringify({ type: "module", scripts: { test: "vitest run" } }),
      "src/app.test.ts": `import { expect, test } from "vitest";\nimport { work } from "./app.js";\n\nconst kinds = Array.from({ length: 60 }, (_, at) => "k" + at);\ntest("work", () => {\n  for (let n = 0; n < 30; n++) {\n    const rows = kinds.map((kind, at) => ({ kind: at % 2 ? kind : "x" + n }));\n    expect(work(rows, kinds)).toBe(30);\n  }\n});\n`,
      "src/other.test.ts": `import { expect, test } from "vitest";\n\ntest("broken before", () => expect(1).toBe(2));\n`,
    };
    const to = "(() => { const set = new Set(known); return rows.filter((row) => set.has(row.kind)).length; })()";
    const record = await proof({ ...found, files, commandLine: [], to });
    expect(record, record.reason).toMatchObject({ verdict: "proved" });
    expect(record.safety.tried.join("\n")).toMatch(
      /30 calls of the run[^]*1 of the project's test files, those that call it; 1 failed before the change/,
    );
    expect(readdirSync(join(folder, "node_modules")).sort()).toEqual([".bin", "esbuild", "vitest"]);
  }, 180_000);
});

test("a change that breaks a test of the project fails, also where all calls are equal", async () => {
  const files = {
    "package.json": JSON.stringify({ scripts: { test: "node --test" } }),
    "app.test.js": `const { test } = require("node:test");\nconst assert = require("node:assert");\nconst app = require("./app.js");\nrequire("node:fs").writeFileSync(__dirname + "/seen", "");\ntest("work", () => {\n  assert.equal(app.work(["ab"]), 2);\n  Array.prototype.reduce = () => 5;\n  assert.equal(app.work(["ab"]), 5);\n});\n`,
  };
  const program = `exports.work = function (words) {\n  return OLD;\n};\n`;
  const from = "words.reduce((sum, word) => sum + word.length, 0)";
  const record = await proof({
    program,
    name: "app.js",
    subject: "exports.work",
    files,
    commandLine: [],
    from,
    to: "words.join('').length",
  });
  expect(record.reason).toBe("The project's test app.test.js passes with the old code and not with the new one.");
  // The test wrote into the copy.
  expect(readdirSync(folder).sort()).toEqual(["app.js", "app.test.js", "package.json"]);
}, 60_000);
