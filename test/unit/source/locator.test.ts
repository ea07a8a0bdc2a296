import { expect, test } from "vitest";
import { Locator, type LocatorOptions, type RecordedPosition } from "../../../source/locator.js";
import { FilesInMemory } from "./files-in-memory.js";

const nothing: RecordedPosition = {
  file: "",
  line: 7,
  column: 0,
  functionName: "",
  language: "native",
  module: "",
  root: "/",
  workingDirectory: "",
};

/** `path:line (rule)`, or `nowhere`. */
async function locate(files: FilesInMemory, position: Partial<RecordedPosition>, options: Partial<LocatorOptions> = {}): Promise<string> {
  const located = await new Locator({ files, folders: ["/ws"], pathMappings: [], ...options }).locate({ ...nothing, ...position });
  return located ? `${located.path}:${located.line} (${located.rule})` : "nowhere";
}

test("an absolute path that exists is taken as it is, in the workspace or not", async () => {
  const files = new FilesInMemory(["/ws/app.py", "/usr/lib/python3.11/json/decoder.py"]);
  expect(await locate(files, { file: "/ws/app.py" })).toBe("/ws/app.py:7 (recorded path)");
  expect(await locate(files, { file: "/ws/./src/../app.py" })).toBe("/ws/app.py:7 (recorded path)");
  expect(await locate(files, { file: "/usr/lib/python3.11/json/decoder.py" })).toBe(
    "/usr/lib/python3.11/json/decoder.py:7 (recorded path)",
  );
  expect(await locate(files, { file: "/gone/other.py" })).toBe("nowhere");
});

test("a relative path is looked for from the process's folder, then above its executable, then in each folder", async () => {
  const files = new FilesInMemory(["/ws/tools/run.py", "/ws/run.py", "/ws/crate/src/main.rs", "/other/lib/x.py"]);
  expect(await locate(files, { file: "run.py", language: "python", workingDirectory: "/ws/tools" })).toBe(
    "/ws/tools/run.py:7 (working directory)",
  );
  expect(await locate(files, { file: "src/main.rs", language: "rust", module: "/ws/crate/target/debug/app", workingDirectory: "/" })).toBe(
    "/ws/crate/src/main.rs:7 (working directory)",
  );
  expect(await locate(files, { file: "lib/x.py", workingDirectory: "/tmp" }, { folders: ["/ws", "/other"] })).toBe(
    "/other/lib/x.py:7 (working directory)",
  );
});

test("names that are not files are nowhere", async () => {
  const files = new FilesInMemory(["/ws/_bootstrap.py", "/ws/fs"]);
  for (const file of ["", "<frozen importlib._bootstrap>", "<string>", "node:fs", "[eval]", "jrt:/java.base"]) {
    expect(await locate(files, { file, workingDirectory: "/ws" })).toBe("nowhere");
  }
});
