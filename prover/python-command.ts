import { access, constants } from "node:fs/promises";
import { delimiter, isAbsolute, join, relative, resolve } from "node:path";

/** How a Python program was run, as far as it can be run again. */
export interface PythonRun {
  /** Absolute, in the workspace; else `module` is set. */
  readonly script?: string;
  readonly module?: string;
  readonly arguments: readonly string[];
}

/** Options of the interpreter with a value of their own. */
const WITH_VALUE = new Set(["-W", "-X", "--check-hash-based-pycs"]);

/** Reads `python3 -u app.py 5`; undefined where it ran something else than a script or a module of `root`. */
export function pythonRun(commandLine: readonly string[], workingDirectory: string, root: string): PythonRun | undefined {
  for (let at = 1; at < commandLine.length; at++) {
    const word = commandLine[at] ?? "";
    if (WITH_VALUE.has(word)) at++;
    else if (word === "-m") {
      const module = commandLine[at + 1];
      return module === undefined ? undefined : { module, arguments: commandLine.slice(at + 2) };
    } else if (word === "-c" || word === "-") return undefined;
    else if (!word.startsWith("-")) {
      const script = resolve(workingDirectory, word);
      return isBelow(script, root) ? { script, arguments: commandLine.slice(at + 1) } : undefined;
    }
  }
  return undefined;
}

export function isBelow(path: string, folder: string): boolean {
  const from = relative(folder, path);
  return from !== "" && !from.startsWith("..") && !isAbsolute(from);
}

/** The interpreter of the project: as the program was started, else its virtual environment's, else the first `python3` of the path. */
export async function findPython(
  commandLine: readonly string[],
  workingDirectory: string,
  root: string,
  path: string | undefined,
): Promise<string | undefined> {
  const [name = ""] = commandLine;
  const folders = (path ?? "").split(delimiter).filter((each) => each !== "");
  const candidates = [
    ...(/(^|\/)python[\d.]*$/.test(name)
      ? name.includes("/")
        ? [resolve(workingDirectory, name)]
        : folders.map((each) => join(each, name))
      : []),
    join(root, ".venv/bin/python"),
    join(root, "venv/bin/python"),
    ...folders.map((each) => join(each, "python3")),
  ];
  for (const candidate of candidates) {
    const runs = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return candidate;
  }
  return undefined;
}
