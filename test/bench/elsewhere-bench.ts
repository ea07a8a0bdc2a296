/**
 * Code that nobody here wrote: what the rules find in it with every line hot, and how the proof of each rule's first finding ends. Bundled and run by elsewhere.mjs.
 *
 * usage: node elsewhere-bench.cjs ROOT FILE MOST COMMAND…   at most MOST proofs, of the program COMMAND in ROOT; prints one JSON document
 */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFixes, rulesOf } from "../../analysis/optimize/find.js";
import type { Finding } from "../../analysis/optimize/finding.js";
import type { FileHeat } from "../../analysis/optimize/heat.js";
import { proveFix } from "../../prover/prove-fix.js";
import { createOutliner } from "../../source/outline.js";

const [root = "", file = "", most = "0", ...commandLine] = process.argv.slice(2);
/** None of it asks a database or a server, and nothing is logged. */
const COLD = /^(django|sqlalchemy|requests|logging)\./;
const HOT: FileHeat = {
  event: "cpu",
  total: () => 0.5,
  hottest: () => 0.5,
  own: () => 0.4,
  below: (_, __, callee) => (COLD.test(callee) ? 0 : 0.5),
};

async function main(): Promise<void> {
  const grammars = join(process.cwd(), "node_modules/@vscode/tree-sitter-wasm/wasm");
  const outliner = await createOutliner({ readGrammar: (name) => readFile(join(grammars, name)) });
  const text = readFileSync(file, "utf8");
  const found: readonly Finding[] = (await outliner.syntax(file, text, (tree) => findFixes(tree, HOT, rulesOf(file)))) ?? [];
  const firsts = found.filter((each, at) => found.findIndex(({ rule }) => rule === each.rule) === at);
  const proofs = [];
  for (const finding of firsts.slice(0, Number(most))) {
    const { verdict, reason, speedup } = await proveFix({
      root,
      file,
      text,
      finding,
      process: { commandLine, workingDirectory: root },
      copies: join(tmpdir(), "flameline-bench-elsewhere"),
      harness: join(process.cwd(), "prover/python-harness/run.py"),
      syntax: outliner.syntax.bind(outliner),
      environment: process.env,
      seconds: 120,
      signal: new AbortController().signal,
      progress: () => undefined,
    });
    proofs.push({ rule: finding.rule, line: finding.startLine, verdict, reason, speedup });
  }
  process.stdout.write(JSON.stringify({ found: found.map(({ rule, startLine }) => ({ rule, line: startLine })), proofs }));
}

void main();
