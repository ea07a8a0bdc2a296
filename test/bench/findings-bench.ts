/**
 * How long the findings of one file take: parsed, and walked with every line hot, which no profile has, or every 20th. Bundled and run by fixes.mjs.
 *
 * usage: node findings-bench.cjs FILE…   prints one JSON document: for each file its lines, and the median of some runs in ms
 */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { findFixes, rulesOf } from "../../analysis/optimize/find.js";
import type { FileHeat } from "../../analysis/optimize/heat.js";
import { createOutliner } from "../../source/outline.js";

const RUNS = 7;
/** Whether one of the lines, 1-based, is hot. */
const heat = (every: number): FileHeat => {
  const of = (share: number) => (start: number, end: number) => (Math.floor(end / every) * every >= start ? share : 0);
  return { event: "cpu", total: of(0.5), hottest: of(0.5), own: of(0.4), below: of(0.5) };
};

async function main(): Promise<void> {
  const grammars = join(process.cwd(), "node_modules/@vscode/tree-sitter-wasm/wasm");
  const outliner = await createOutliner({ readGrammar: (name) => readFile(join(grammars, name)) });
  const files = [];
  for (const file of process.argv.slice(2)) {
    const text = readFileSync(file, "utf8");
    const measured: Record<string, number> = {};
    for (const every of [1, 20]) {
      const times: number[] = [];
      for (let run = 0; run < RUNS; run++) {
        const begin = performance.now();
        await outliner.syntax(file, text, (tree) => findFixes(tree, heat(every), rulesOf(file)));
        times.push(performance.now() - begin);
      }
      measured[every] = times.toSorted((a, b) => a - b)[Math.floor(RUNS / 2)] ?? 0;
    }
    files.push({ file, lines: text.split("\n").length, all: measured[1], some: measured[20] });
  }
  process.stdout.write(JSON.stringify(files));
}

void main();
