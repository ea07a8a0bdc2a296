/** How one test is run by itself. Pure: what exists on disk is asked through a function. Everything is argument lists: no shell reads a test's name. */
import * as path from "node:path";
import type { TestAt } from "../../protocol/tests.js";

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

export type Runner = "pytest" | "vitest" | "go test" | "Maven" | "Gradle";

/** Where a runner tells how the test went; of Go its exit code does. */
export type ResultFile =
  | { readonly kind: "json"; readonly file: string }
  /** JUnit's reports, of which those of this class are meant. */
  | { readonly kind: "junit"; readonly folder: string; readonly className: string; readonly method: string }
  | { readonly kind: "none" };

export interface TestRun {
  readonly runner: Runner;
  /** Is run to its end before anything is recorded. */
  readonly prepare?: Command;
  readonly program: Command;
  readonly result: ResultFile;
}

export interface TestFacts {
  readonly test: TestAt;
  /** Absolute path of the test's file, and of the workspace folder that it lies in. */
  readonly file: string;
  readonly folder: string;
  /** Command of the project's Python. */
  readonly python: string;
  /** What the environment has for it. */
  readonly pythonPath: string | undefined;
  /** Folder with our plugin for pytest. */
  readonly plugins: string;
  /** Folder for what is built and told, removed afterwards. */
  readonly scratch: string;
  readonly exists: (file: string) => boolean;
}

/** Undefined where the project has no runner that is known. */
export function testRun(facts: TestFacts): TestRun | undefined {
  switch (facts.test.language) {
    case "python":
      return pytestRun(facts);
    case "javascript":
      return vitestRun(facts);
    case "go":
      return goRun(facts);
    case "java":
      return mavenRun(facts) ?? gradleRun(facts);
  }
}

/** Tells our plugin of pytest where it may tell what it did. */
const RESULT_VARIABLE = "FLAMELINE_TEST_RESULT";

function pytestRun({ test, file, folder, python, pythonPath, plugins, scratch, exists }: TestFacts): TestRun {
  const result = path.join(scratch, "result.json");
  const cwd = nearest(file, folder, ["pytest.ini", "pyproject.toml", "setup.cfg", "tox.ini"], exists) ?? folder;
  return {
    runner: "pytest",
    program: {
      command: python,
      args: ["-m", "pytest", "-p", "flameline_repeat", `${file}::${test.selector}`],
      cwd,
      env: { PYTHONPATH: [plugins, ...(pythonPath ? [pythonPath] : [])].join(path.delimiter), [RESULT_VARIABLE]: result },
    },
    result: { kind: "json", file: result },
  };
}

function vitestRun({ test, file, folder, scratch, exists }: TestFacts): TestRun | undefined {
  const installed = nearest(file, folder, ["node_modules/.bin/vitest"], exists);
  if (installed === undefined) {
    return undefined;
  }
  const result = path.join(scratch, "result.json");
  const args = ["run", file, "-t", test.selector, "--reporter=default", "--reporter=json", `--outputFile.json=${result}`];
  const cwd = nearest(file, folder, ["package.json"], exists) ?? installed;
  return {
    runner: "vitest",
    program: { command: path.join(installed, "node_modules/.bin/vitest"), args, cwd },
    result: { kind: "json", file: result },
  };
}

/** The compiler is no part of the test: its program is built first. */
function goRun({ test, file, scratch }: TestFacts): TestRun {
  const [cwd, program] = [path.dirname(file), path.join(scratch, "one.test")];
  return {
    runner: "go test",
    // What a build that is ended leaves behind goes with the folder.
    prepare: { command: "go", args: ["test", "-c", "-o", program, "."], cwd, env: { GOTMPDIR: scratch } },
    program: { command: program, args: [`-test.run=${test.selector}`, "-test.paniconexit0"], cwd },
    result: { kind: "none" },
  };
}

function mavenRun({ test, file, folder, exists }: TestFacts): TestRun | undefined {
  const cwd = nearest(file, folder, ["pom.xml"], exists);
  if (cwd === undefined) {
    return undefined;
  }
  const command = wrapperOf("mvnw", file, folder, exists) ?? "mvn";
  return {
    runner: "Maven",
    prepare: { command, args: ["-q", "test-compile"], cwd },
    program: { command, args: ["-q", `-Dtest=${test.selector}`, "surefire:test"], cwd },
    result: junitResult(test, path.join(cwd, "target/surefire-reports")),
  };
}

function gradleRun({ test, file, folder, exists }: TestFacts): TestRun | undefined {
  const cwd = nearest(file, folder, ["build.gradle", "build.gradle.kts"], exists);
  if (cwd === undefined) {
    return undefined;
  }
  const command = wrapperOf("gradlew", file, folder, exists) ?? "gradle";
  return {
    runner: "Gradle",
    prepare: { command, args: ["-q", "testClasses"], cwd },
    // A daemon that runs already is no child of ours; a test that went well is not run again unless its results are gone.
    program: { command, args: ["--no-daemon", "cleanTest", "test", "--tests", test.selector.replace("#", ".")], cwd },
    result: junitResult(test, path.join(cwd, "build/test-results/test")),
  };
}

function junitResult({ selector }: TestAt, folder: string): ResultFile {
  const [className = "", method = ""] = selector.split("#");
  return { kind: "junit", folder, className, method };
}

function wrapperOf(name: string, file: string, folder: string, exists: TestFacts["exists"]): string | undefined {
  const at = nearest(file, folder, [name], exists);
  return at === undefined ? undefined : path.join(at, name);
}

/** The innermost folder around a file, not above the workspace's, that has one of some files. */
function nearest(file: string, folder: string, names: readonly string[], exists: TestFacts["exists"]): string | undefined {
  for (let at = path.dirname(file); ; at = path.dirname(at)) {
    if (names.some((name) => exists(path.join(at, name)))) {
      return at;
    }
    if (at === folder || at === path.dirname(at)) {
      return undefined;
    }
  }
}
