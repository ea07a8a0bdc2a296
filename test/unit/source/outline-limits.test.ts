import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { createOutliner, MAX_OUTLINE_LENGTH, type Outliner } from "../../../source/outline.js";
import { fixtureText, formatOutline, outliner, readGrammar } from "./outline-text.js";

test("broken text keeps the functions that can be made sense of", async () => {
  const shared = await outliner();
  const python =
    "def one():\n    return 1\n\ndef two():\n    if x.\n    y = (1 +\n\nclass A:\n    def three(self):\n        for a in b:\n            pass\n";
  expect(formatOutline(await shared.outline("python", python))).toMatchInlineSnapshot(`
    "1-2  one
    4-6  two
    9-11  A.three
    loops 10-11"
  `);
  const c = "int one(void) { return 1; }\nint two(int a) {\n  if (a\n  a = 1 +;\n}\nint three(int a) {\n  for (;;) { }\n}\n";
  expect(formatOutline(await shared.outline("c", c))).toMatchInlineSnapshot(`
    "1-1  one
    2-8  two
    loops 7-7"
  `);
  const go = "package p\nfunc one() {}\nfunc two() {\n\tx := y.\n}\nfunc three() { for {} }\n";
  expect(formatOutline(await shared.outline("go", go))).toMatchInlineSnapshot(`
    "2-2  p.one
    3-5  p.two
    6-6  p.three
    loops 6-6"
  `);
  const js = "class A {\n  one() { return 1 }\n  two() { const x = ; y. }\n  three() { while (x) {} }\n}\n";
  expect(formatOutline(await shared.outline("javascript", js))).toMatchInlineSnapshot(`
    "2-2  A.one
    3-3  A.two
    4-4  A.three
    loops 4-4"
  `);
  const java = "class A {\n  void one() { int x = ; }\n  void two( { foo. }\n  void three() { while (x) {} }\n}\n";
  expect(formatOutline(await shared.outline("java", java))).toMatchInlineSnapshot(`
    "2-2  A.one
    4-4  three
    loops 4-4"
  `);
});

test("every fixture cut at any point has an outline, lines in range and in order", async () => {
  const shared = await outliner();
  for (const name of [
    "inventory.py",
    "router.js",
    "store.ts",
    "store.go",
    "grid.cpp",
    "Main.java",
    "shapes.rs",
    "cart.rb",
    "Cart.php",
    "Cart.cs",
  ]) {
    const text = await fixtureText(name);
    for (let end = 0; end < text.length; end += 37) {
      const cut = text.slice(0, end);
      const lines = cut.split("\n").length;
      const outline = await shared.outline(name, cut);
      for (const { startLine, nameLine, endLine } of outline?.functions ?? []) {
        expect([1 <= startLine, startLine <= nameLine, nameLine <= endLine, endLine <= lines]).toEqual([true, true, true, true]);
      }
      expect(outline).toBeDefined();
    }
  }
});

test("columns count UTF-16 units, as editors do", async () => {
  const outline = await (await outliner()).outline("javascript", 'x = "東🙂", f = () => 1;');
  expect(outline?.functions.map(({ startColumn, endColumn }) => [startColumn, endColumn])).toEqual([[15, 22]]);
});

test("a megabyte is read whole; a text over the limit and an unknown language have no outline", async () => {
  const shared = await outliner();
  const body = Array.from({ length: 20_000 }, (_, n) => `function f${n}(a) {\n  for (const b of a) use(b);\n}`).join("\n");
  expect(body.length).toBeGreaterThan(1_000_000);
  const outline = await shared.outline("a.js", body);
  expect([outline?.functions.length, outline?.loops.length, outline?.functions.at(-1)?.endLine]).toEqual([20_000, 20_000, 60_000]);
  expect(await shared.outline("a.js", "x".repeat(MAX_OUTLINE_LENGTH + 1))).toBeUndefined();
  expect(await shared.outline("a.txt", "def f(): pass")).toBeUndefined();
  expect(await shared.outline("plaintext", "def f(): pass")).toBeUndefined();
});

test("the same text again is the same outline, and TSX is not TypeScript", async () => {
  const shared = await outliner();
  const text = "const f = () => <b>{g}</b>;";
  expect(await shared.outline("a.tsx", text)).toBe(await shared.outline("typescriptreact", text));
  expect(await shared.outline("a.ts", text)).not.toBe(await shared.outline("a.tsx", text));
});

test("a grammar that cannot be read is one problem said once, and other languages still work", async () => {
  const limited = await createOutliner({
    readGrammar: (file) => (file.includes("python") ? Promise.reject(new Error("no such file")) : readGrammar(file)),
  });
  expect(await limited.outline("python", "def f(): pass")).toBeUndefined();
  expect(await limited.outline("python", "def g(): pass")).toBeUndefined();
  expect(limited.problems).toMatchInlineSnapshot(`
    [
      "The grammar tree-sitter-python.wasm could not be loaded (no such file), so its functions have no lenses; reinstall Flameline.",
    ]
  `);
  expect((await limited.outline("go", "package p\nfunc f() {}"))?.functions).toHaveLength(1);
});

test("bundled by esbuild to CommonJS, as the language server is, it needs no file beside the bundle", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "flameline-outline-"));
  try {
    const outfile = path.join(folder, "outline.js");
    const entry = path.resolve(import.meta.dirname, "../../../source/outline.ts");
    await build({ entryPoints: [entry], bundle: true, minify: true, platform: "node", format: "cjs", target: "node20", outfile });
    const bundled = createRequire(import.meta.url)(outfile) as { createOutliner: typeof createOutliner };
    const fromBundle: Outliner = await bundled.createOutliner({ readGrammar });
    expect((await fromBundle.outline("python", "def f():\n    pass\n"))?.functions[0]?.name).toBe("f");
  } finally {
    await rm(folder, { recursive: true });
  }
});
