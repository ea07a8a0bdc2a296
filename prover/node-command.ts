/** How a Node program was run, and what of the project runs its code: loaders for TypeScript, and tests. */
import { access, constants, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isBelow } from "./python-command.js";

/** How a program was run, as far as it can be run again. */
export interface NodeRun {
  /** Options of Node itself. */
  readonly options: readonly string[];
  /** Absolute; in the workspace or one of its libraries' programs. */
  readonly script: string;
  readonly arguments: readonly string[];
}

/** Options of Node with a value of their own. */
const WITH_VALUE = new Set([
  "-r",
  "--require",
  "--import",
  "--loader",
  "--experimental-loader",
  "-C",
  "--conditions",
  "--env-file",
  "--stack-trace-limit",
  "--max-old-space-size",
]);
/** Options that would have somebody look at the run, or write beside it. */
const LEFT_OUT = /^--(inspect|prof|cpu-prof|heap-prof|perf|watch|interpreted-frames|report|trace)/;

/** Reads `node --import tsx app.ts 5`; undefined where it ran something else than a file of `root`. */
export function nodeRun(commandLine: readonly string[], workingDirectory: string, root: string): NodeRun | undefined {
  if (!/(^|\/)node(js)?[\d.]*$/.test(commandLine[0] ?? "")) return undefined;
  const options: string[] = [];
  for (let at = 1; at < commandLine.length; at++) {
    const word = commandLine[at] ?? "";
    if (/^(-e|-p|-pe|--eval|--print|-|--test)$/.test(word)) return undefined;
    if (!word.startsWith("-")) {
      const script = resolve(workingDirectory, word);
      return isBelow(script, root) ? { options, script, arguments: commandLine.slice(at + 1) } : undefined;
    }
    const value = WITH_VALUE.has(word) ? [commandLine[++at] ?? ""] : [];
    if (!LEFT_OUT.test(word)) options.push(word, ...value);
  }
  return undefined;
}

/** The Node that the program was started with, else the first of the path. */
export async function findNode(
  commandLine: readonly string[],
  workingDirectory: string,
  path: string | undefined,
): Promise<string | undefined> {
  const [name = ""] = commandLine;
  const folders = (path ?? "").split(delimiter).filter((each) => each !== "");
  const own = /(^|\/)node(js)?[\d.]*$/.test(name) && name.includes("/") ? [resolve(workingDirectory, name)] : [];
  for (const candidate of [...own, ...folders.map((each) => join(each, "node"))]) {
    const runs = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return candidate;
  }
  return undefined;
}

/**
 * Options with which Node loads a file: none for JavaScript; for TypeScript the project's own tsx or esbuild. Undefined where the project has neither.
 *
 * @param harness folder of our own loader
 */
export function loaderOptions(file: string, harness: string): readonly string[] | undefined {
  if (!/\.[cm]?tsx?$/.test(file)) return [];
  const require = createRequire(file);
  const found = (name: string): string | undefined => {
    try {
      return require.resolve(name);
    } catch {
      return undefined;
    }
  };
  const tsx = found("tsx/esm");
  if (tsx !== undefined) return ["--require", found("tsx/cjs") ?? tsx, "--import", pathToFileURL(found("tsx") ?? tsx).href];
  // Vitest and Vite bring it along.
  const esbuild = found("esbuild") ?? ["vite", "vitest"].flatMap((name) => through(found(name))).at(0);
  if (esbuild === undefined) return undefined;
  const loader = pathToFileURL(join(harness, "typescript-loader.mjs"));
  return [
    "--import",
    `data:text/javascript,import{register}from"node:module";register(${JSON.stringify(loader.href)},{data:${JSON.stringify(esbuild)}})`,
  ];
}

/** esbuild as a library of `entry`. */
function through(entry: string | undefined): string[] {
  if (entry === undefined) return [];
  try {
    return [createRequire(entry).resolve("esbuild")];
  } catch {
    return [];
  }
}

export interface TestRunner {
  /** The command for one file of tests; the whole of `npm test` where the project's runner isn't known. */
  readonly command: (file: string) => readonly string[];
  readonly byFile: boolean;
  /** Folder of its package.json, absolute. */
  readonly folder: string;
}

/** What `npm test` of the package around a file runs. */
export async function testRunner(file: string, root: string, node: string): Promise<TestRunner | undefined> {
  for (let folder = dirname(file); folder === root || isBelow(folder, root); folder = dirname(folder)) {
    const manifest = await readFile(join(folder, "package.json"), "utf8").catch(() => undefined);
    if (manifest === undefined) continue;
    const script = testScript(manifest);
    if (script === undefined) continue;
    // Found where the copy links it.
    const program = (name: string): string => join("node_modules", ".bin", name);
    if (/(^|\s)vitest\b/.test(script)) return { folder, byFile: true, command: (test) => [program("vitest"), "run", test] };
    if (/(^|\s)jest\b/.test(script))
      return { folder, byFile: true, command: (test) => [program("jest"), "--watchman=false", "--runTestsByPath", test] };
    const [, flags] = /^(?:\w+=\S+\s+)*node\s+(.*--test\b.*)$/.exec(script) ?? [];
    if (flags !== undefined && !/[&|;]/.test(flags))
      return { folder, byFile: true, command: (test) => [node, ...nodeFlags(flags), "--test", test] };
    return { folder, byFile: false, command: () => ["npm", "test", "--silent"] };
  }
  return undefined;
}

function testScript(manifest: string): string | undefined {
  try {
    const { scripts } = JSON.parse(manifest) as { scripts?: { test?: unknown } };
    return typeof scripts?.test === "string" && !/no test specified/.test(scripts.test) ? scripts.test : undefined;
  } catch {
    return undefined;
  }
}

/** `--import tsx` of `--import tsx --test test/`. */
function nodeFlags(text: string): string[] {
  const words = text.split(/\s+/);
  return words.flatMap((word, at) => {
    if (!word.startsWith("-") || word === "--test" || word.startsWith("--test-")) return [];
    return WITH_VALUE.has(word) ? [word, words[at + 1] ?? ""] : [word];
  });
}

/** A path of the workspace as it lies in the copy; others stay. */
export function inCopy(path: string, root: string, copy: string): string {
  const isOfWorkspace = path === root || (isAbsolute(path) && isBelow(path, root) && !/\/node_modules\//.test(path));
  return isOfWorkspace ? join(copy, relative(root, path)) : path;
}
