/** How a source file is run. Pure: what exists on disk is asked through a function. */
import * as path from "node:path";

export type Run =
  | { readonly kind: "program"; readonly command: string; readonly args: readonly string[] }
  /** Compiled: only the user knows the command. `suggestion` may be empty. */
  | { readonly kind: "ask"; readonly suggestion: string };

export interface FileFacts {
  readonly languageId: string;
  /** Absolute path of the file, and of the workspace folder that it lies in. */
  readonly file: string;
  readonly folder: string;
  /** The interpreter chosen in the settings; undefined where none is. */
  readonly python: string | undefined;
  readonly exists: (file: string) => boolean;
}

const INTERPRETERS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  javascript: ["node"],
  java: ["java"],
  go: ["go", "run"],
  ruby: ["ruby"],
  php: ["php"],
  perl: ["perl"],
  shellscript: ["bash"],
};

export function runOf(facts: FileFacts): Run {
  const { file, languageId } = facts;
  const interpreter = INTERPRETERS[languageId];
  if (interpreter !== undefined) {
    return { kind: "program", command: interpreter[0], args: [...interpreter.slice(1), file] };
  }
  switch (languageId) {
    case "python":
      return { kind: "program", command: pythonOf(facts), args: [file] };
    case "typescript":
      return typescriptRun(facts);
    default:
      return { kind: "ask", suggestion: suggestionOf(facts) };
  }
}

/** The virtual environment of the folder, as activating it would choose, before the system's Python. */
export function pythonOf({ folder, python, exists }: Pick<FileFacts, "folder" | "python" | "exists">): string {
  const environments = [".venv", "venv"].map((name) => path.join(folder, name, "bin", "python"));
  return python ?? environments.find(exists) ?? "python3";
}

function typescriptRun({ file, folder, exists }: FileFacts): Run {
  const tsx = path.join(folder, "node_modules", ".bin", "tsx");
  if (exists(tsx)) {
    return { kind: "program", command: tsx, args: [file] };
  }
  const built = path.join(path.dirname(file), `${path.basename(file, path.extname(file))}.js`);
  return exists(built)
    ? { kind: "program", command: "node", args: ["--enable-source-maps", built] }
    : { kind: "ask", suggestion: `npx tsx ${path.relative(folder, file)}` };
}

function suggestionOf({ languageId, file, folder, exists }: FileFacts): string {
  if (languageId === "rust" && exists(path.join(folder, "Cargo.toml"))) {
    return "cargo run --release";
  }
  const program = file.slice(0, file.length - path.extname(file).length);
  return exists(program) ? `./${path.relative(folder, program)}` : "";
}
