// Language libraries that TypeScript compiled to CommonJS, read as the ES modules that they once were: esbuild then drops what nothing
// asks for, and names what is left as briefly as our own.
import { readFileSync } from "node:fs";

/** Files of the libraries in TypeScript's own rhythm; those of features are left to the plug-ins that leave features out. */
const COMPILED = /[/\\]vscode-(languageclient|languageserver|languageserver-protocol|jsonrpc)[/\\]lib[/\\].*\.js$/;
const TYPES = /[/\\]vscode-languageserver-types[/\\]lib[/\\]esm[/\\]main\.js$/;

/**
 * `var X; (function (X) { … })(X || (exports.X = X = {}));`, which fills an object and does nothing else. Every statement at the top begins
 * in the first column, and nothing else does.
 */
const NAMESPACE =
  /^(export )?var (\w+);\n(?:\/\*\*\n(?: \*.*\n)+)?\(function \(\2\) \{\n((?:(?![^\s/])[^\n]*\n)*)\}\)\(\2 \|\| \((exports\.\2 = )?\2 = \{\}\)\);$/gm;
/** The same for a class or function of that name. */
const ADDITION = /^\}\)\((\w+) \|\| \(exports\.\1 = \1 = \{\}\)\);$/gm;

const pure = (name, inside) => `var ${name} = /* @__PURE__ */ (function (${name}) {\n${inside}return ${name};\n})({});`;

/**
 * @param {string} text what TypeScript wrote
 * @param {string} file for the message
 * @returns {string} an ES module. Throws where a part of it has no counterpart: the library is compiled in another way then.
 */
export function asModule(text, file) {
  /** @type {Map<string, string>} */
  const modules = new Map();
  /** @type {Set<string>} */
  const exported = new Set();
  const body = text
    .replace(/^"use strict";$/m, "")
    .replace(/^var __\w+ = \(this && this\.__\w+\)[^]*?^\}.*;$/gm, "")
    .replace(/^Object\.defineProperty\(exports, "__esModule", \{ value: true \}\);$/m, "")
    .replace(/^exports\.[\w.= ]+ = void 0;$/gm, "")
    .replace(/^(?:const|var) (\w+) = (?:(__importStar|__importDefault)\()?require\("([^"]+)"\)\)?;$/gm, (_, name, helper, module) => {
      modules.set(name, module);
      // A module that is a function.
      if (!helper && new RegExp(`[^.\\w]${name}\\(`).test(text)) {
        return `import ${name} from "${module}";`;
      }
      return `import * as ${name} from "${module}";`;
    })
    .replace(/^__exportStar\(require\("([^"]+)"\), exports\);$/gm, 'export * from "$1";')
    .replace(
      /^Object\.defineProperty\(exports, "(\w+)", \{ enumerable: true, get: function \(\) \{ return (\w+)\.(\w+); \} \}\);$/gm,
      (all, name, from, original) => (modules.has(from) ? `export { ${original} as ${name} } from "${modules.get(from)}";` : all),
    )
    .replace(NAMESPACE, (_, _export, name, inside, isExported) => {
      if (isExported) {
        exported.add(name);
      }
      return pure(name, inside);
    })
    .replace(ADDITION, (_, name) => {
      exported.add(name);
      return `})(${name});`;
    })
    .replace(/^exports\.(\w+) = \1;$/gm, (_, name) => {
      exported.add(name);
      return "";
    })
    .replace(/^exports\.default = (\w+);$/gm, "export { $1 as default };")
    .replace(/^exports\.(\w+) = /gm, (_, name) => {
      exported.add(name);
      return `const ${name} = `;
    })
    .replace(/\bexports\.(\w+)\b(?! =)/g, (all, name) => (exported.has(name) ? name : all));
  const left = body.replace(/\/\*[^]*?\*\/|\/\/.*$/gm, "").match(/.*(\bexports\b|\bmodule\.exports\b|\brequire\().*/);
  if (left) {
    throw new Error(
      `${file} holds “${left[0].trim()}”, which has no counterpart in an ES module: has the library been compiled in another way?`,
    );
  }
  return `${body}\n${exported.size > 0 ? `export { ${[...exported].join(", ")} };\n` : ""}`;
}

/** What a file that TypeScript compiled gives to others, itself. */
export function exportedNames(file) {
  const names = readFileSync(file, "utf8").matchAll(/^(?:exports\.|\}\)\(\w+ \|\| \(exports\.)(\w+) = (?!void 0|exports\.)/gm);
  return [...new Set([...names].map(([, name]) => name ?? ""))];
}

/** @type {import("esbuild").Plugin} */
export const librariesAsModules = {
  name: "libraries-as-modules",
  setup(build) {
    build.onLoad({ filter: COMPILED }, ({ path: file }) => ({ contents: asModule(readFileSync(file, "utf8"), file), loader: "js" }));
    build.onLoad({ filter: TYPES }, ({ path: file }) => {
      const text = readFileSync(file, "utf8");
      const contents = text.replace(NAMESPACE, (_, isExported = "", name, inside) => `${isExported}${pure(name, inside)}`);
      const left = contents.match(/.*\(\w+ = \{\}\).*/);
      return left ? { errors: [{ text: `${file} holds “${left[0]}”: has it been compiled in another way?` }] } : { contents, loader: "js" };
    });
  },
};
