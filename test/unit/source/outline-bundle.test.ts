import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, expect, test } from "vitest";
import { smallerLibraries } from "../../../scripts/programs.mjs";
import { createOutliner } from "../../../source/outline.js";

const ROOT = join(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "flameline-outline-"));
afterAll(() => rmSync(folder, { recursive: true }));

const readGrammar = (file: string) => Promise.resolve(readFileSync(join(ROOT, "node_modules/@vscode/tree-sitter-wasm/wasm", file)));

test("what is shipped of tree-sitter finds in every language what the whole of it finds", async () => {
  const outfile = join(folder, "outline.cjs");
  await build({
    entryPoints: [join(ROOT, "source/outline.ts")],
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    outfile,
    plugins: smallerLibraries,
    logLevel: "silent",
  });
  const shipped = (await import(pathToFileURL(outfile).href)) as { createOutliner: typeof createOutliner };
  const [whole, small] = await Promise.all([createOutliner({ readGrammar }), shipped.createOutliner({ readGrammar })]);
  const files = readdirSync(join(ROOT, "test/fixtures/source"));
  expect(files.length).toBeGreaterThan(9);
  for (const file of files) {
    const text = readFileSync(join(ROOT, "test/fixtures/source", file), "utf8");
    const expected = await whole.outline(file, text);
    expect(expected?.functions.length, file).toBeGreaterThan(0);
    expect(await small.outline(file, text), file).toEqual(expected);
  }
  expect(small.problems).toEqual([]);
});
