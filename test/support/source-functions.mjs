// Where functions are in a file, told by each language's own parser: what our lines are held against.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as path from "node:path";
import { root } from "../../scripts/paths.mjs";

/** @typedef {{ name: string, start: number, end: number }} SourceFunction lines are 1-based, the end is included */
/** @typedef {Map<string, SourceFunction[]>} FunctionsByFile */

const PYTHON = `
import ast, json, sys
found = {}
for file in json.load(sys.stdin):
    functions = found[file] = []
    for node in ast.walk(ast.parse(open(file, "rb").read())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            start = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            functions.append({"name": node.name, "start": start, "end": node.end_lineno})
json.dump(found, sys.stdout)
`;

const GO = `package main
import ("encoding/json"; "go/ast"; "go/parser"; "go/token"; "os")
type function struct { Name string \`json:"name"\`; Start int \`json:"start"\`; End int \`json:"end"\` }
func main() {
	var files []string
	if err := json.NewDecoder(os.Stdin).Decode(&files); err != nil { panic(err) }
	found := map[string][]function{}
	for _, file := range files {
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, file, nil, 0)
		if err != nil { panic(err) }
		for _, each := range tree.Decls {
			if f, ok := each.(*ast.FuncDecl); ok {
				found[file] = append(found[file], function{f.Name.Name, set.Position(f.Pos()).Line, set.Position(f.End()).Line})
			}
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil { panic(err) }
}
`;

/** @param {string[]} files @returns {FunctionsByFile} */
export function pythonFunctions(files) {
  return ask("python3", ["-c", PYTHON], files);
}

/** @param {string[]} files @param {string} scratch a folder to write to @returns {FunctionsByFile} */
export function goFunctions(files, scratch) {
  const program = path.join(scratch, "functions.go");
  spawnSync("sh", ["-c", `cat > "${program}"`], { input: GO });
  return ask("go", ["run", program], files);
}

/**
 * @param {string[]} files
 * @param {string} typescript folder of the compiler's package, whose parser is asked
 * @returns {FunctionsByFile}
 */
export function javascriptFunctions(files, typescript) {
  const ts = createRequire(path.join(root, "package.json"))(typescript);
  const found = new Map();
  for (const file of files) {
    const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
    /** @type {SourceFunction[]} */
    const functions = [];
    const lineOf = (position) => source.getLineAndCharacterOfPosition(position).line + 1;
    const visit = (node) => {
      if (ts.isFunctionLike(node)) {
        // An arrow function is called as what it is given to.
        const name = node.name ?? node.parent?.name ?? node.parent?.left;
        functions.push({ name: name?.getText(source) ?? "", start: lineOf(node.getStart(source)), end: lineOf(node.end) });
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    found.set(file, functions);
  }
  return found;
}

/** @returns {FunctionsByFile} */
function ask(command, args, files) {
  const { status, stdout, stderr } = spawnSync(command, args, { input: JSON.stringify(files), encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0) {
    throw new Error(`${command} could not list functions: ${stderr}`);
  }
  return new Map(Object.entries(JSON.parse(stdout)));
}
