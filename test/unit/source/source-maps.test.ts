import { transform } from "esbuild";
import { expect, test } from "vitest";
import { decodeBase64Text } from "../../../source/locator/base64.js";
import { plainPath } from "../../../source/locator/file-names.js";
import { Locator } from "../../../source/locator.js";
import { FilesInMemory } from "./files-in-memory.js";

const source = `interface Row {
  id: string;
}
// Zürich → 東京
export function total(rows: Row[]): number {
  let sum = 0;
  for (const row of rows) {
    sum += row.id.length;
  }
  return sum;
}
`;

/** What esbuild makes of `source`: the script, and its map with `sources` and other members replaced. */
async function built(change: Record<string, unknown> = {}, minify = false): Promise<{ code: string; map: string }> {
  const { code, map } = await transform(source, { loader: "ts", sourcemap: "external", sourcefile: "cart.ts", minify });
  return { code, map: JSON.stringify({ ...JSON.parse(map), ...change }) };
}

/** The 1-based line and column of a text in the script. */
function placeOf(code: string, text: string): { line: number; column: number } {
  const before = code.slice(0, code.indexOf(text)).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

async function locate(texts: Record<string, string>, file: string, line: number, column = 0): Promise<string> {
  const locator = new Locator({ files: new FilesInMemory(texts), folders: ["/ws"], pathMappings: [] });
  const position = {
    file,
    line,
    column,
    functionName: "",
    language: "javascript" as const,
    module: "",
    root: "/",
    workingDirectory: "/ws",
  };
  const located = await locator.locate(position);
  return [located ? `${located.path}:${located.line} (${located.rule})` : "nowhere", ...locator.notices].join("\n");
}

test("an external map beside the script, by line alone or with the column", async () => {
  const { code, map } = await built({ sources: ["../src/cart.ts"] });
  const texts = { "/ws/dist/cart.js": `${code}//# sourceMappingURL=cart.js.map\n`, "/ws/dist/cart.js.map": map, "/ws/src/cart.ts": source };
  const { line, column } = placeOf(code, "sum +=");
  expect(await locate(texts, "/ws/dist/cart.js", line)).toBe("/ws/src/cart.ts:8 (source map)");
  expect(await locate(texts, "file:///ws/dist/cart.js", line, column)).toBe("/ws/src/cart.ts:8 (source map)");
});

test("minified code on one line needs the column", async () => {
  const { code, map } = await built({}, true);
  const texts = { "/ws/cart.js": code, "/ws/cart.js.map": map, "/ws/cart.ts": source };
  expect(code.trim().split("\n")).toHaveLength(1);
  expect(await locate(texts, "/ws/cart.js", 1, code.indexOf("+=") + 1)).toBe("/ws/cart.ts:8 (source map)");
  expect(await locate(texts, "/ws/cart.js", 1)).toBe("/ws/cart.ts:5 (source map)");
});

test("an inline map, in base64 or plain", async () => {
  const { code, map } = await built();
  const { line } = placeOf(code, "sum +=");
  const base64 = Buffer.from(map).toString("base64");
  for (const url of [`data:application/json;base64,${base64}`, `data:application/json,${encodeURIComponent(map)}`]) {
    const texts = { "/ws/cart.mjs": `${code}//# sourceMappingURL=${url}\n`, "/ws/cart.ts": source };
    expect(await locate(texts, "/ws/cart.mjs", line)).toBe("/ws/cart.ts:8 (source map)");
  }
});

test("sourceRoot, also of another machine", async () => {
  const relative = await built({ sourceRoot: "../src", sources: ["cart.ts"] });
  const { line } = placeOf(relative.code, "sum +=");
  const texts = { "/ws/dist/cart.js": relative.code, "/ws/src/cart.ts": source, "/ws/test/cart.ts": "" };
  expect(await locate({ ...texts, "/ws/dist/cart.js.map": relative.map }, "/ws/dist/cart.js", line)).toBe("/ws/src/cart.ts:8 (source map)");
  const absolute = await built({ sourceRoot: "/home/ci/project/src/", sources: ["cart.ts"] });
  expect(await locate({ ...texts, "/ws/dist/cart.js.map": absolute.map }, "/ws/dist/cart.js", line)).toBe("/ws/src/cart.ts:8 (source map)");
});

test("an index map, whose sections begin at their offsets", async () => {
  const { code, map } = await built({ sources: ["src/cart.ts"] });
  const { line } = placeOf(code, "sum +=");
  const sections = [{ offset: { line: 100, column: 0 }, map: JSON.parse(map) }];
  const texts = { "/ws/all.js": code, "/ws/all.js.map": JSON.stringify({ version: 3, sections }), "/ws/src/cart.ts": source };
  expect(await locate(texts, "/ws/all.js", line + 100)).toBe("/ws/src/cart.ts:8 (source map)");
  expect(await locate(texts, "/ws/all.js", line)).toBe("/ws/all.js:4 (recorded path)");
});

test("webpack's names, relative to some folder above the bundle", async () => {
  for (const name of [
    "webpack://shop/./src/cart.ts",
    "webpack:///./src/cart.ts?1a2b",
    "webpack:///src/cart.ts",
    "webpack-internal:///(rsc)/./src/cart.ts",
  ]) {
    const { code, map } = await built({ sources: [name] });
    const { line } = placeOf(code, "sum +=");
    const texts = {
      "/ws/web/dist/js/main.js": code,
      "/ws/web/dist/js/main.js.map": map,
      "/ws/web/src/cart.ts": source,
      "/ws/api/src/cart.ts": "",
    };
    expect(await locate(texts, "/ws/web/dist/js/main.js", line)).toBe("/ws/web/src/cart.ts:8 (source map)");
  }
});

test("of several files with the name, the one whose text the map carries", async () => {
  const { code, map } = await built({ sources: ["webpack://shop/cart.ts"] });
  const { line } = placeOf(code, "sum +=");
  const texts = { "/ws/dist/main.js": code, "/ws/dist/main.js.map": map, "/ws/a/cart.ts": "other", "/ws/b/cart.ts": source };
  expect(await locate(texts, "/ws/dist/main.js", line)).toBe("/ws/b/cart.ts:8 (source map)");
});

test("an original that is nowhere leaves the built line; a broken or missing map says so", async () => {
  const { code, map } = await built({ sources: ["webpack://shop/./src/gone.ts"] });
  const { line } = placeOf(code, "sum +=");
  expect(await locate({ "/ws/main.js": code, "/ws/main.js.map": map }, "/ws/main.js", line)).toBe(`/ws/main.js:${line} (recorded path)`);
  const named = `${code}//# sourceMappingURL=main.js.map\n`;
  expect(await locate({ "/ws/main.js": named, "/ws/main.js.map": '{"version":3,"mappings":' }, "/ws/main.js", line)).toMatchInlineSnapshot(`
    "/ws/main.js:4 (recorded path)
    The source map of /ws/main.js cannot be used (main.js.map: Unexpected end of JSON input), so its lines are those of the built file; build it again with source maps."
  `);
  expect(await locate({ "/ws/main.js": named }, "/ws/main.js", line)).toMatchInlineSnapshot(`
    "/ws/main.js:4 (recorded path)
    The source map of /ws/main.js cannot be used (/ws/main.js.map is missing), so its lines are those of the built file; build it again with source maps."
  `);
});

test("base64 with and without padding, in both alphabets, gives UTF-8 back", () => {
  for (const text of ["", "a", "ab", "abc", "100 % → 東京 🙂"]) {
    expect(decodeBase64Text(Buffer.from(text).toString("base64"))).toBe(text);
    expect(decodeBase64Text(Buffer.from(text).toString("base64url"))).toBe(text);
  }
});

test("bundlers' URLs as paths", () => {
  const urls = ["webpack://app/./src/x.ts", "webpack://app/../shared/x.ts", "turbopack:///[project]/src/x.ts", "/plain/x.ts", "src/x.ts"];
  expect(urls.map(plainPath)).toEqual(["src/x.ts", "../shared/x.ts", "src/x.ts", "/plain/x.ts", "src/x.ts"]);
});
