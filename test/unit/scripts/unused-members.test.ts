import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { expect, test } from "vitest";
import { root } from "../../../scripts/paths.mjs";
import { converterOf, SPEAK_TO_TREE_SITTER, treeSitterModule, withoutUnused } from "../../../scripts/unused-members.mjs";

const FUNCTIONS = /^function (?<name>\w+)\(\) \{\n[^]*?^\}\n/gm;
const body = (name: string, calls: string) => `function ${name}() {\n  return ${calls};\n}\n`;

test("what nobody names goes, with what only that named; what is named from outside stays", () => {
  const text = `${body("shown", "helper()")}${body("helper", "1")}${body("lost", "lostToo()")}${body("lostToo", "lostToo()")}${body("top", "2")}top();\n`;
  const left = withoutUnused(text, FUNCTIONS, new Set(["shown"]));
  expect(left.match(/function \w+/g)).toEqual(["function shown", "function helper", "function top"]);
});

const conversion = (name: string, calls = "") => `    function ${name}(value) {\n        return ${calls};\n    }\n`;
const CONVERTER = `function createConverter() {\n${conversion("asHover", "asRange(value)")}${conversion("asRange")}${conversion("asColor")}    return {\n        asHover,\n        asRange: asRange,\n        asColor\n    };\n}\n`;

test("a converter hands over what is asked for, and keeps what that needs", () => {
  const left = converterOf(CONVERTER, new Set(["asHover"]));
  expect(left).toContain("return { asHover };");
  expect(left).toContain("function asRange");
  expect(left).not.toContain("asColor");
});

test("libraries that are laid out in another way stop the build", () => {
  expect(() => converterOf(CONVERTER.replace("asColor\n", "asColor: other\n"), new Set())).toThrow("hand over");
  expect(() => treeSitterModule("export class Parser {}\n", new Set())).toThrow("in another way");
});

test("every folder that has trees in its hands is asked which of their methods it calls", () => {
  const folders = readFileSync(path.join(root, "tsconfig.json"), "utf8").matchAll(/"path": "\.\/([\w-]+)"/g);
  const speaking = [...folders]
    .map(([, folder = ""]) => folder)
    .filter((folder) => folder !== "test")
    .filter((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts"))
        .some((name) => /from "[^"]*tree-sitter/.test(readFileSync(path.join(root, folder, name), "utf8"))),
    );
  expect(speaking.toSorted()).toEqual(SPEAK_TO_TREE_SITTER.toSorted());
});
