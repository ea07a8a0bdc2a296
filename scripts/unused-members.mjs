// Leaves out of the bundle what libraries define inside of classes and functions, which esbuild takes as a whole, where nobody names it.
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { asModule } from "./as-modules.mjs";
import { absentFeatures } from "./client-features.mjs";
import { root } from "./paths.mjs";

/**
 * Removes each part whose name occurs nowhere else, and again, until nothing goes: what only a removed part named goes with it.
 * @param {string} text of a library
 * @param {RegExp} parts with the flag `g`; each match is one whole definition, and the group that takes part its name
 * @param {ReadonlySet<string>} asked what others may ask for
 */
export function withoutUnused(text, parts, asked) {
  for (let rest = text; ; ) {
    const members = [...rest.matchAll(parts)].map(({ 0: whole, groups }) => ({ name: nameOf(groups), names: wordsOf(whole) }));
    const around = wordsOf(rest.replace(parts, ""));
    const isNamed = (name) => members.some((other) => other.name !== name && other.names.has(name));
    const unused = new Set(members.map(({ name }) => name).filter((name) => !asked.has(name) && !around.has(name) && !isNamed(name)));
    if (unused.size === 0) {
      return rest;
    }
    rest = rest.replace(parts, (whole, ...groups) => (unused.has(nameOf(groups.at(-1))) ? "" : whole));
  }
}

const nameOf = (groups) => Object.values(groups ?? {}).find((name) => name !== undefined) ?? "";
const wordsOf = (text) => new Set(text.match(/[\w$]+/g));

/** Methods of tree-sitter's classes, the functions of its runtime, and the doors to the compiled part. */
const TREE_SITTER_PARTS = new RegExp(
  [
    /^ {2}(?:(?:static|async|get|set) )*(?!constructor\b)(?<method>\w+)\([^\n]*\) \{\n[^]*?^ {2}\}\n/,
    /^ {4}function (?<inner>\w+)\([^\n]*\) \{\n[^]*?^ {4}\}\n/,
    /^ {4}var (?<arrow>\w+) = \(\([^\n]*\) => \{\n[^]*?^ {4}\}\);\n/,
    /^ {4}var (?<door>_ts_\w+) = Module\["_ts_\w+"\] = [^\n]*\n/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "gm",
);
const HEAD = /^\(function \(global, factory\) \{\n[^]*?\n\}\)\(this, \(function \(\) \{\n/;
const TAIL = /\n\treturn \{ \n([\w\s,]+) \};\n\}\)\);\s*$/;

/** `var _f = Module["_f"] = (a0) => (_f = Module["_f"] = wasmExports["f"])(a0);`, which is called as `Module._f` only. */
const DOOR = /^ {4}var (_ts_\w+) = Module\["\1"\] = \([\w, ]*\) => \(\1 = Module\["\1"\] = wasmExports\["(\w+)"\]\)\([\w, ]*\);\n/gm;

/** Each name of a function of the compiled part once, instead of five times. */
function doorsInOneList(text) {
  const doors = [...text.matchAll(DOOR)];
  const rest = text.replace(DOOR, "");
  const [first] = doors;
  const inner = doors.find(([, name = ""]) => new RegExp(`(?<![.\\w"])${name}\\b`).test(rest));
  if (first === undefined || inner !== undefined || doors.some(([, name, original]) => name !== `_${original}`)) {
    throw new Error("tree-sitter.js calls its compiled part in another way: look at scripts/unused-members.mjs.");
  }
  const names = doors.map(([, , original]) => original).join(" ");
  const list = `    for (const name of "${names}".split(" ")) Module["_" + name] = (...values) => (Module["_" + name] = wasmExports[name])(...values);\n`;
  return text.replace(first[0], list).replace(DOOR, "");
}

/** Tree-sitter's script as an ES module of what is asked for. It names its functions for stack traces, which names of one letter are no use to. */
export function treeSitterModule(text, asked) {
  const plain = text
    .replace(HEAD, "")
    .replace(TAIL, "\nexport { $1 };\n")
    .replace(/^\s*\/\*\*[^]*?\*\/\n/gm, "")
    .replace(/^ {2}static \{\n {4}__name\(this, "\w+"\);\n {2}\}\n/gm, "")
    .replace(/^ *__name\(\w+, "\w+"\);\n/gm, "")
    .replace(/\b(\w+)( = |: )\/\* @__PURE__ \*\/ __name\(([^]*?), "\1"\)/g, "$1$2($3)");
  const small = doorsInOneList(withoutUnused(plain, TREE_SITTER_PARTS, asked));
  if (HEAD.test(text) && TAIL.test(text) && small.length < 0.9 * plain.length) {
    return small;
  }
  throw new Error("tree-sitter.js is laid out in another way than it was: look at scripts/unused-members.mjs.");
}

const CONVERSION = /^ {4}(?:async )?function (?<name>\w+)\([^\n]*\) \{\n[^]*?^ {4}\}\n/gm;
/** What a converter hands over: the names of all its functions. */
const HANDED_OVER = /^ {4}return \{\n((?: {8}(\w+)(?:: \2)?,?\n)+) {4}\};\n/m;

/** One of the language client's two converters with the conversions that are asked for. */
export function converterOf(text, asked) {
  const [whole, list] = HANDED_OVER.exec(text) ?? [];
  if (whole === undefined || list === undefined) {
    throw new Error("The language client's converters hand over their functions in another way: look at scripts/unused-members.mjs.");
  }
  const handedOver = [...wordsOf(list)].filter((name) => asked.has(name));
  const small = withoutUnused(text.replace(whole, "    return {};\n"), CONVERSION, new Set(handedOver));
  return small.replace("    return {};\n", `    return { ${handedOver.join(", ")} };\n`);
}

/** The server hears of what is typed, not of what is saved. */
const SAVING = ["WillSaveFeature", "WillSaveWaitUntilFeature", "DidSaveTextDocumentFeature"];

/** The client without registering what is left out. */
function withoutAbsent(text, absent) {
  let saving = 0;
  const rest = text.replace(/^ +this\.registerFeature\(new (\w+)_1\.(\w+)\(.*\)\);\n/gm, (line, file, feature) => {
    saving += SAVING.includes(feature) ? 1 : 0;
    return absent.has(file) || SAVING.includes(feature) ? "" : line;
  });
  if (saving !== SAVING.length) {
    throw new Error("The language client registers in another way what hears of saving: look at scripts/unused-members.mjs.");
  }
  return rest;
}

/** Words of the files that speak to a library; of comments too, which only keeps more. */
const wordsIn = (files) => wordsOf(files.map((file) => readFileSync(file, "utf8")).join("\n"));
const filesOf = (folder, ending) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending))
    .map((name) => path.join(folder, name));

/** The folders with files that have trees in their hands. */
export const SPEAK_TO_TREE_SITTER = ["analysis", "language-server", "source"];

/** Before `librariesAsModules`. @type {import("esbuild").Plugin} */
export const withoutUnusedMembers = {
  name: "without-unused-members",
  setup(build) {
    build.onLoad({ filter: /[/\\]tree-sitter-wasm[/\\]wasm[/\\]tree-sitter\.js$/ }, ({ path: file }) => {
      const asked = wordsIn(SPEAK_TO_TREE_SITTER.flatMap((folder) => filesOf(path.join(root, folder), ".ts")));
      return { contents: treeSitterModule(readFileSync(file, "utf8"), asked), loader: "js" };
    });
    build.onLoad({ filter: /[/\\]vscode-languageclient[/\\]lib[/\\]common[/\\](code|protocol)Converter\.js$/ }, ({ path: file }) => {
      const common = path.dirname(file);
      const absent = absentFeatures(path.join(common, "client.js"));
      const others = filesOf(common, ".js").filter((other) => !other.endsWith("Converter.js") && !absent.has(path.basename(other, ".js")));
      const asked = wordsIn([...others, ...filesOf(path.join(root, "extension"), ".ts")]);
      return { contents: asModule(converterOf(readFileSync(file, "utf8"), asked), file), loader: "js" };
    });
    build.onLoad({ filter: /[/\\]vscode-languageclient[/\\]lib[/\\]common[/\\]client\.js$/ }, ({ path: file }) => ({
      contents: asModule(withoutAbsent(readFileSync(file, "utf8"), absentFeatures(file)), file),
      loader: "js",
    }));
    // The helper's socket never offers to compress: `perMessageDeflate: false`.
    build.onLoad({ filter: /[/\\]ws[/\\]lib[/\\]permessage-deflate\.js$/ }, ({ path: file }) =>
      readFileSync(file, "utf8").includes("static get extensionName() {\n    return 'permessage-deflate';")
        ? { contents: 'module.exports = class { static get extensionName() { return "permessage-deflate"; } };\n', loader: "js" }
        : { errors: [{ text: `${file} tells its name in another way than it did` }] },
    );
  },
};
