import { expect, test } from "vitest";
import { converterOf, treeSitterModule, withoutUnused } from "../../../scripts/unused-members.mjs";

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
