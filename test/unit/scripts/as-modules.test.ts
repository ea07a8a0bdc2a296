import { expect, test } from "vitest";
import { asModule } from "../../../scripts/as-modules.mjs";

const COMPILED = `"use strict";
var __importStar = (this && this.__importStar) || (function () {
    return function (mod) {
        return mod;
    };
})();
Object.defineProperty(exports, "__esModule", { value: true });
exports.limit = exports.Colour = exports.Box = void 0;
const path = __importStar(require("node:path"));
const parse = require("./parse");
const shape_1 = require("./shape");
Object.defineProperty(exports, "Shape", { enumerable: true, get: function () { return shape_1.Round; } });
__exportStar(require("./more"), exports);
var Colour;
(function (Colour) {
    Colour.red = 1;
})(Colour || (exports.Colour = Colour = {}));
class Box extends shape_1.Round {
}
exports.Box = Box;
(function (Box) {
    Box.empty = new Box(path.sep, parse("0"));
})(Box || (exports.Box = Box = {}));
exports.limit = 5;
const twice = 2 * exports.limit;
`;

test("what TypeScript compiled to CommonJS is an ES module again, in which a namespace that nobody asks for may go", () => {
  const lines = asModule(COMPILED, "box.js").split("\n").filter(Boolean);
  expect(lines).toEqual([
    'import * as path from "node:path";',
    'import parse from "./parse";',
    'import * as shape_1 from "./shape";',
    'export { Round as Shape } from "./shape";',
    'export * from "./more";',
    "var Colour = /* @__PURE__ */ (function (Colour) {",
    "    Colour.red = 1;",
    "return Colour;",
    "})({});",
    "class Box extends shape_1.Round {",
    "}",
    "(function (Box) {",
    '    Box.empty = new Box(path.sep, parse("0"));',
    "})(Box);",
    "const limit = 5;",
    "const twice = 2 * limit;",
    "export { Colour, Box, limit };",
  ]);
});

test.each([
  ["exports.later = () => exports.other;", "exports.other"],
  ["module.exports = class {};", "module.exports"],
  ['if (typeof window === "undefined") { require("./node"); }', 'require("./node")'],
  ["Object.assign(exports, { a: 1 });", "exports"],
  ["  exports.hidden = 1;", "exports.hidden"],
])("a library that is compiled in another way stops the build: %s", (text, told) => {
  expect(() => asModule(`"use strict";\n${text}\n`, "library.js")).toThrow(told);
});
