import { describe, expect, test } from "vitest";
import { type FileFacts, runOf } from "../../../extension/targets/current-file.js";
import { testCommands } from "../../../extension/targets/test-commands.js";

/** How a file would be run, as one line. */
function runText(languageId: string, file: string, existing: readonly string[] = [], python?: string): string {
  const facts: FileFacts = { languageId, file, folder: "/w", python, exists: (each) => existing.includes(each) };
  const run = runOf(facts);
  return run.kind === "program" ? [run.command, ...run.args].join(" ") : `asks${run.suggestion === "" ? "" : `: ${run.suggestion}`}`;
}

describe("a file is run as its language is run", () => {
  test.each([
    ["javascript", "/w/a.mjs", "node /w/a.mjs"],
    ["go", "/w/main.go", "go run /w/main.go"],
    ["java", "/w/Main.java", "java /w/Main.java"],
    ["ruby", "/w/a.rb", "ruby /w/a.rb"],
    ["python", "/w/a.py", "python3 /w/a.py"],
    ["c", "/w/a.c", "asks"],
    ["markdown", "/w/a.md", "asks"],
  ])("%s", (language, file, expected) => {
    expect(runText(language, file)).toBe(expected);
  });

  test("Python is that of the folder's environment, unless the settings name one", () => {
    expect(runText("python", "/w/a.py", ["/w/.venv/bin/python"])).toBe("/w/.venv/bin/python /w/a.py");
    expect(runText("python", "/w/a.py", ["/w/.venv/bin/python"], "/opt/py")).toBe("/opt/py /w/a.py");
  });

  test("TypeScript runs by tsx, else by the JavaScript beside it, else the user says how", () => {
    expect(runText("typescript", "/w/src/a.ts", ["/w/node_modules/.bin/tsx"])).toBe("/w/node_modules/.bin/tsx /w/src/a.ts");
    expect(runText("typescript", "/w/src/a.ts", ["/w/src/a.js"])).toBe("node --enable-source-maps /w/src/a.js");
    expect(runText("typescript", "/w/src/a.ts")).toBe("asks: npx tsx src/a.ts");
  });

  test("compiled languages suggest the program that is there", () => {
    expect(runText("rust", "/w/src/main.rs", ["/w/Cargo.toml"])).toBe("asks: cargo run --release");
    expect(runText("c", "/w/bin/a.c", ["/w/bin/a"])).toBe("asks: ./bin/a");
  });
});

test("a folder's tests are offered by what lies in it", () => {
  const offered = (files: readonly string[], scripts: readonly string[] = []) =>
    testCommands({ exists: (name) => files.includes(name), scripts }).map(({ command }) => command);
  expect(offered(["package.json", "go.mod"], ["test", "bench"])).toEqual(["npm test", "npm run bench", "go test ./..."]);
  expect(offered(["pytest.ini", "Cargo.toml"])).toEqual(["python3 -m pytest", "cargo test --release"]);
  expect(offered([])).toEqual([]);
});
