import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { repeatsOf, tryOf } from "../../../extension/one-test/go-repeats.js";
import { jsonResult } from "../../../extension/one-test/test-result.js";
import { type Command, type TestFacts, type TestRun, testRun } from "../../../extension/one-test/test-run.js";
import type { TestAt } from "../../../protocol/tests.js";
import { testAt } from "../../../source/test-at.js";
import { outliner } from "../source/outline-text.js";

const root = path.resolve(import.meta.dirname, "../../..");
const plugins = path.join(root, "extension/one-test/pytest");

function runOf(test: TestAt, file: string, existing: readonly string[] = [], more: Partial<TestFacts> = {}): TestRun | undefined {
  const exists = (each: string) => existing.includes(each);
  return testRun({ test, file, folder: "/w", python: "python3", pythonPath: undefined, plugins: "/p", scratch: "/s", exists, ...more });
}

const text = (command: Command | undefined) => command && `${command.cwd}> ${[command.command, ...command.args].join(" ")}`;

describe("one test is run by its runner's own command", () => {
  test("pytest", () => {
    const run = runOf({ language: "python", name: "A::test_a", selector: "A::test_a" }, "/w/sub/t/test_a.py", ["/w/sub/pyproject.toml"], {
      pythonPath: "/lib",
    });
    expect(text(run?.program)).toBe("/w/sub> python3 -m pytest -p flameline_repeat /w/sub/t/test_a.py::A::test_a");
    expect(run?.program.env).toEqual({ PYTHONPATH: "/p:/lib", FLAMELINE_TEST_RESULT: "/s/result.json" });
    expect(run?.prepare).toBeUndefined();
  });

  test("vitest of the package, or of a folder around it, but not of one outside of the workspace", () => {
    const test: TestAt = { language: "javascript", name: "adds", selector: "^ ?adds$" };
    const run = runOf(test, "/w/p/src/a.test.ts", ["/w/p/package.json", "/w/node_modules/.bin/vitest"]);
    expect(text(run?.program)).toBe(
      "/w/p> /w/node_modules/.bin/vitest run /w/p/src/a.test.ts -t ^ ?adds$ --reporter=default --reporter=json --outputFile.json=/s/result.json",
    );
    expect(runOf(test, "/w/p/src/a.test.ts", ["/node_modules/.bin/vitest"])).toBeUndefined();
  });

  test("Go, whose compiler runs before anything is recorded", () => {
    const run = runOf({ language: "go", name: "TestA/b", selector: "^TestA$/^b$" }, "/w/p/a_test.go");
    expect(text(run?.prepare)).toBe("/w/p> go test -c -o /s/one.test .");
    expect(run?.prepare?.env).toEqual({ GOTMPDIR: "/s" });
    expect(text(run?.program)).toBe("/w/p> /s/one.test -test.run=^TestA$/^b$ -test.paniconexit0");
  });

  test("Maven and Gradle, by the project's own script where it has one", () => {
    const test: TestAt = { language: "java", name: "A.B.c", selector: "com.acme.A$B#c" };
    const maven = runOf(test, "/w/m/src/test/java/com/acme/A.java", ["/w/m/pom.xml", "/w/mvnw"]);
    expect(text(maven?.prepare)).toBe("/w/m> /w/mvnw -q test-compile");
    expect(text(maven?.program)).toBe("/w/m> /w/mvnw -q -Dtest=com.acme.A$B#c surefire:test");
    expect(maven?.result).toEqual({ kind: "junit", folder: "/w/m/target/surefire-reports", className: "com.acme.A$B", method: "c" });
    const gradle = runOf(test, "/w/src/test/java/com/acme/A.java", ["/w/build.gradle.kts"]);
    expect(text(gradle?.prepare)).toBe("/w> gradle -q testClasses");
    expect(text(gradle?.program)).toBe("/w> gradle --no-daemon cleanTest test --tests com.acme.A$B.c");
    expect(runOf(test, "/w/A.java")).toBeUndefined();
  });
});

describe("the real runner runs that test alone, however it is named", () => {
  let folder = "";
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Writes a file whose tests each write a file of their own, and answers the command for the test at the line with the mark. */
  async function project(
    name: string,
    marked: string,
    files: Readonly<Record<string, string>> = {},
    links: readonly string[] = [],
  ): Promise<TestRun> {
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), "flameline $(touch hit) 'q' ")));
    const file = path.join(folder, name);
    const source = marked.replace("▮", "");
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, source);
    for (const [each, content] of Object.entries(files)) {
      writeFileSync(path.join(folder, each), content);
    }
    for (const each of links) {
      symlinkSync(path.join(root, each), path.join(folder, each));
    }
    const line = marked.split("\n").findIndex((each) => each.includes("▮"));
    const found = await (await outliner()).syntax(name, source, (tree) => testAt(name, tree, line));
    if (found === undefined) {
      throw new Error("there is no test at the mark");
    }
    const facts = { test: found, file, folder, python: "python3", pythonPath: undefined, plugins, scratch: folder, exists: existsSync };
    const run = testRun(facts);
    if (run === undefined) {
      throw new Error("the test has no runner");
    }
    return run;
  }

  function execute({ command, args, cwd, env }: Command) {
    return spawnSync(command, [...args], { cwd, env: { ...process.env, ...env }, encoding: "utf8", timeout: 60_000 });
  }

  const ran = () => ["a", "b", "c", "hit"].filter((name) => existsSync(path.join(folder, name)));
  const resultIn = (run: TestRun) => (run.result.kind === "json" ? jsonResult(readFileSync(run.result.file, "utf8")) : undefined);

  test("vitest", { timeout: 60_000 }, async () => {
    const body = (name: string) => `() => writeFileSync("${name}", "")`;
    const hostile = '"; touch hit; $(touch hit) `touch hit` [x] (y|z) ${command:x} --run"';
    const source = [
      'import { writeFileSync } from "node:fs";',
      'import { describe, test } from "vitest";',
      'describe("a.b", () => {',
      `  test("; touch", ${body("a")});`,
      `  test(${hostile}, ${body("b")});▮`,
      "});",
      `test("a.b", ${body("c")});`,
    ];
    const run = await project("src/a.test.mjs", source.join("\n"), { "package.json": "{}" }, ["node_modules"]);
    const { status, stdout, stderr } = execute(run.program);
    expect(status, stdout + stderr).toBe(0);
    expect(ran()).toEqual(["b"]);
    expect(resultIn(run)).toMatchObject({ runs: 1, failed: false });
  });

  test("pytest, which repeats a fast one for a second", { timeout: 60_000 }, async (context) => {
    if (spawnSync("python3", ["-c", "import pytest"]).status !== 0) {
      context.skip("pytest is not installed");
    }
    const source = [
      "import pathlib",
      "class TestA:",
      "    def test_a(self):",
      '        pathlib.Path("a").touch()',
      "    def test_ab(self, tmp_path):",
      '        path = pathlib.Path("b")',
      '        path.write_text(str(int(path.read_text()) + 1) if path.exists() else "1")▮',
      "        assert not list(tmp_path.iterdir())",
      '        (tmp_path / "x").touch()',
    ].join("\n");
    const run = await project("test_a.py", source);
    const { status, stdout, stderr } = execute(run.program);
    expect(status, stdout + stderr).toBe(0);
    expect(ran()).toEqual(["b"]);
    const result = resultIn(run);
    // With a folder of its own each time: the fixture is made anew.
    expect(result).toMatchObject({ failed: false, runs: Number(readFileSync(path.join(folder, "b"), "utf8")) });
    expect(result?.runs).toBeGreaterThan(10);
    expect(stdout).toContain(`ran ${result?.runs} times in`);
  });

  test("Go, a subtest of it, more than once", { timeout: 120_000 }, async (context) => {
    if (spawnSync("go", ["version"]).status !== 0) {
      context.skip("Go is not installed");
    }
    const source = [
      "package a",
      'import ("os"; "testing")',
      "func TestA(t *testing.T) {",
      '  t.Run("x", func(t *testing.T) { os.WriteFile("a", nil, 0o600) })',
      '  t.Run("x; touch hit $(touch hit) `touch hit` \\"q\\" [z] a/b", func(t *testing.T) {',
      '    os.WriteFile("b", nil, 0o600)▮',
      "  })",
      "}",
      'func TestAB(t *testing.T) { os.WriteFile("c", nil, 0o600) }',
    ]
      .join("\n")
      .replaceAll("`", "'");
    const run = await project("a_test.go", source, { "go.mod": "module a\n\ngo 1.21\n" });
    const built = run.prepare && execute(run.prepare);
    expect(built?.status, built?.stderr).toBe(0);
    const repeats = await repeatsOf(tryOf(run.program));
    expect(ran()).toEqual(["b"]);
    expect(repeats.kind).toBe("count");
    expect(repeats.kind === "count" ? repeats.count : 0).toBeGreaterThan(1);
    const other = { ...run.program, args: ["-test.run=^TestGone$"] };
    expect(await repeatsOf(tryOf(other))).toEqual({ kind: "none" });
  });
});

describe("a Go test is run as often as makes a second", () => {
  /** A test that takes some seconds, in a program that takes a quarter of a second to start, as on a busy machine. */
  const taking = (seconds: number, tries: number[]) => async (count: number) => {
    tries.push(count);
    return { seconds: 0.25 + count * seconds, passed: true, output: "" };
  };

  test.each([
    [1e-6, 1_000_000],
    [0.001, 1000],
    [0.3, 3],
    [2, 1],
  ])("one of %d s about %d times, found in few tries", async (seconds, count) => {
    const tries: number[] = [];
    const repeats = await repeatsOf(taking(seconds, tries));
    const found = repeats.kind === "count" ? repeats.count : 0;
    expect(Math.abs(found - count) / count, String(found)).toBeLessThan(0.05);
    expect(tries.length).toBeLessThanOrEqual(6);
  });

  test("a failing one once, and one that fails when it comes again, too", async () => {
    expect(await repeatsOf(async () => ({ seconds: 0.01, passed: false, output: "" }))).toEqual({ kind: "failing" });
    expect(await repeatsOf(async (count) => ({ seconds: 0.01, passed: count === 1, output: "" }))).toEqual({ kind: "count", count: 1 });
  });

  test("one of nothing at all does not go on for ever", async () => {
    expect(await repeatsOf(async () => ({ seconds: 0.005, passed: true, output: "" }))).toMatchObject({ kind: "count" });
  });
});
