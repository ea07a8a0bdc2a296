import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import * as path from "node:path";
import { expect, test } from "vitest";
import { cacheRoot } from "../../../scripts/paths.mjs";
import { cellPath, isCellPath, recordedCell } from "../../../source/notebook-cells.js";

const IPYKERNEL = "7.4.0";

test.each([
  ["/tmp/ipykernel_4711/3869145391.py", "/ipykernel/3869145391.py"],
  ["/var/folders/x/T/ipykernel_1/0.py", "/ipykernel/0.py"],
  ["/tmp/ipykernel_4711/helper.py", undefined],
  ["/tmp/ipykernel_4711/12.py/x.py", undefined],
  ["/home/me/my_ipykernel_1/12.py", undefined],
])("the recorded file %s is the cell %s", (file, cell) => {
  expect(recordedCell(file)).toBe(cell);
  expect(cell === undefined || isCellPath(cell)).toBe(true);
});

test("a cell's text is known by any kernel's name for it, whatever its line ends", () => {
  expect(cellPath("a\r\nb\r\n")).toBe(cellPath("a\nb\n"));
  expect(cellPath("a")).not.toBe(cellPath("b"));
});

/** Texts of each length modulo 4, beyond ASCII, and with high bits in each byte. */
const TEXTS = ["", "a", "ab", "abc", "abcd", "x = 1\n", "for i in range(10):\n    print(i)", "größe = '€😀'", "é", "éé", "ééa", "ÿÿÿÿÿÿÿ"];

/** The names that ipykernel's own code gives, which needs nothing of IPython. */
const NAMES = `
import importlib.util, json, sys, types
for name in ("IPython", "IPython.core", "IPython.core.compilerop"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["IPython.core.compilerop"].CachingCompiler = object
spec = importlib.util.spec_from_file_location("compiler", sys.argv[1])
compiler = importlib.util.module_from_spec(spec)
spec.loader.exec_module(compiler)
print(json.dumps([compiler.get_file_name(text) for text in json.loads(sys.argv[2])]))
`;

test("it is the one that ipykernel makes of the text", { timeout: 120_000 }, (context) => {
  const folder = path.join(cacheRoot(), `ipykernel-${IPYKERNEL}`);
  if (!existsSync(folder)) {
    const staging = `${folder}.${process.pid}`;
    mkdirSync(staging, { recursive: true });
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target", staging];
    const { status } = spawnSync("python3", [...pip, `ipykernel==${IPYKERNEL}`]);
    if (status !== 0) {
      context.skip("ipykernel could not be installed by pip");
    }
    renameSync(staging, folder);
  }
  const compiler = path.join(folder, "ipykernel/compiler.py");
  const { stdout, stderr } = spawnSync("python3", ["-c", NAMES, compiler, JSON.stringify(TEXTS)], { encoding: "utf8" });
  const names = JSON.parse(stdout === "" ? JSON.stringify([stderr]) : stdout) as string[];
  expect(TEXTS.map(cellPath)).toEqual(names.map(recordedCell));
});
