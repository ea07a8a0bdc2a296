/**
 * One program of test/fixtures/fixes: what the rules offer for it, and how a proof of that ends. Bundled and run by fixes.mjs.
 *
 * usage: node fixes-bench.cjs FILE RULE INTERPRETER [TIMES]   TIMES proofs, by default none; prints one JSON document
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { findFixes, rulesOf } from "../../analysis/optimize/find.js";
import type { FileHeat } from "../../analysis/optimize/heat.js";
import type { ProofRecord } from "../../protocol/fixes.js";
import { proveFix } from "../../prover/prove-fix.js";
import { createOutliner } from "../../source/outline.js";

const [file = "", rule = "", interpreter = "", times = "0"] = process.argv.slice(2);
const root = process.cwd();
/** Every line is hot, and nothing is logged: the pattern alone decides. */
const HOT: FileHeat = {
  event: "cpu",
  total: () => 0.5,
  hottest: () => 0.5,
  own: () => 0.4,
  below: (_, __, callee) => (callee === "logging._log" ? 0 : 0.5),
};

async function main(): Promise<void> {
  const grammars = join(root, "node_modules/@vscode/tree-sitter-wasm/wasm");
  const outliner = await createOutliner({ readGrammar: (name) => readFile(join(grammars, name)) });
  const text = readFileSync(file, "utf8");
  const found = (await outliner.syntax(file, text, (tree) => findFixes(tree, HOT, rulesOf(file)))) ?? [];
  const finding = found.find((each) => each.rule === rule);
  const proofs: ProofRecord[] = [];
  const home = mkdtempSync(join(tmpdir(), "flameline-bench-fixes-"));
  try {
    const folder = join(home, "work");
    mkdirSync(folder);
    const program = join(folder, basename(file));
    copyFileSync(file, program);
    // What the programs of a folder share begins with `shared`.
    for (const name of readdirSync(dirname(file)).filter((each) => each.startsWith("shared"))) {
      copyFileSync(join(dirname(file), name), join(folder, name));
    }
    if (file.endsWith("ts")) prepare(folder);
    for (let time = 0; finding !== undefined && time < Number(times); time++) {
      proofs.push(
        await proveFix({
          root: folder,
          file: program,
          text,
          finding,
          process: { commandLine: [interpreter, basename(file)], workingDirectory: folder },
          copies: join(home, "copies"),
          harness: join(root, "prover/python-harness/run.py"),
          syntax: outliner.syntax.bind(outliner),
          environment: process.env,
          seconds: 180,
          signal: new AbortController().signal,
          progress: () => undefined,
        }),
      );
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  process.stdout.write(JSON.stringify({ offered: finding !== undefined, proofs }));
}

/** A project's own esbuild runs its TypeScript. */
function prepare(folder: string): void {
  if (!existsSync(join(folder, "node_modules"))) symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
}

void main();
