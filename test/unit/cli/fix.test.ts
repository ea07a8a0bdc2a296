import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { encodePprof } from "../../../profile/formats/pprof-encode.js";
import { recordingFromCollapsed } from "../../support/profile-text.js";
import { Run } from "./run.js";

const ROOT = join(import.meta.dirname, "../../..");
const LIBRARY = "/usr/lib/python3.11/re/__init__.py";
const TEXT = String.raw`import re


def clean(line):
    return re.sub(r"\s+", " ", line)


if __name__ == "__main__":
    for n in range(200):
        clean("a  b\t\tc %d " % n * (n % 3))
`;

let run: Run;
beforeEach(() => {
  run = new Run();
  symlinkSync(join(ROOT, "node_modules/@vscode/tree-sitter-wasm/wasm"), run.path("grammars"));
  symlinkSync(join(ROOT, "prover/python-harness"), run.path("python-harness"));
  profile(TEXT);
});
afterEach(() => run.dispose());

/** `clean` has all of the time, three tenths of it below `re._compile`. */
function profile(text: string): void {
  mkdirSync(run.path("src"), { recursive: true });
  const file = run.path("src/app.py");
  writeFileSync(file, text);
  utimesSync(file, 1_600_000_000, 1_600_000_000);
  const line = `clean:5 (${file})`;
  const recording = recordingFromCollapsed(`${line};sub:185 (${LIBRARY});_compile:280 (${LIBRARY}) 300000000\n${line} 700000000`, {
    language: "python",
  });
  recording.setInfo({ startUnixNs: "1700000000000000000" });
  const process = recording.processRows[0];
  if (process === undefined) throw new Error("a recording has a process");
  recording.processRows[0] = { ...process, commandLine: ["python3", "src/app.py"], workingDirectory: run.folder };
  writeFileSync(run.path("run.pb.gz"), gzipSync(encodePprof(recording)));
}

test("a fix is listed with its place, its share and the most that it could gain", async () => {
  expect(await run.line("fix", "run.pb.gz")).toMatchInlineSnapshot(`
    "0
    src/app.py:5  Compile the pattern once, as _CLEAN_PATTERN
      30.0% of cpu is spent on finding the compiled pattern again; without it all would be 1.43 times as fast
      unproved"
  `);
});

test("as JSON it has the edit", async () => {
  await run.line("fix", "run.pb.gz", "--json");
  const { findings } = JSON.parse(run.out) as { findings: { edit: { start: number; end: number; text: string }[] }[] };
  expect(findings).toMatchObject([{ rule: "python-regex-in-hot-code", file: run.path("src/app.py"), line: 5, share: 0.3 }]);
  expect(findings[0]?.edit.map(({ text }) => text)).toEqual([
    "",
    "_CLEAN_PATTERN",
    String.raw`

_CLEAN_PATTERN = re.compile(r"\s+")`,
  ]);
});

describe("with --prove", () => {
  test("it is proved and written, and a second time there is nothing left", async () => {
    const git = (...args: string[]): string => spawnSync("git", args, { cwd: run.folder, encoding: "utf8" }).stdout.trimEnd();
    for (const command of ["init -q -b main", "config user.name Ann", "config user.email a@b.c", "add src", "commit -q -m first"]) {
      git(...command.split(" "));
    }
    const all = await run.line("fix", "run.pb.gz", "--prove", "--apply", "--commit");
    const branch = "flameline/python-regex-in-hot-code-clean";
    expect(all).toContain(`Next: git merge ${branch}`);
    expect(git("log", "--format=%s", `main..${branch}`)).toBe("Compile the pattern once, as _CLEAN_PATTERN");
    expect(git("status", "--porcelain", "-uno")).toBe(" M src/app.py");
    expect(git("diff", branch, "--", "src")).toBe("");
    // By name only where the system gives no namespace without a network: test/unit/prover/prove-fix.test.ts tries what it gives.
    const network = / without a network$| the network refused by name only, .*$/m;
    const said = all
      .replace(/\nNext: .*/, "")
      .replace(`  committed on ${branch}\n`, "")
      .replace(network, " …");
    expect(said.replaceAll(/\d\.\d\d/g, "N").replaceAll(/\d+(?= small| of| made|\),)/g, "N")).toMatchInlineSnapshot(`
      "0
      src/app.py:5  Compile the pattern once, as _CLEAN_PATTERN  (applied)
        30.0% of cpu is spent on finding the compiled pattern again; without it all would be N times as fast
        proved: clean N times as fast (N to N)
          tried: 100 calls of the run and N made up from them (of N), the same under two hash seeds, once with all messages logged, …
          tried: no tests of the project
          tried: N small mistakes in the new code, N of them noticed"
    `);
    expect(readFileSync(run.path("src/app.py"), "utf8")).toContain("return _CLEAN_PATTERN.sub");
    expect(await run.line("fix", "run.pb.gz")).toContain("No fix known");
  }, 90_000);

  test("one without time is refused, which is no failure, and nothing is written", async () => {
    profile(TEXT.replace("n in range(200)", "n in iter(lambda: __import__('time').sleep(9), 1)"));
    expect(await run.line("fix", "run.pb.gz", "--prove", "--apply", "--budget", "2")).toMatch(/^0\n[^]*refused\. /);
    expect(readFileSync(run.path("src/app.py"), "utf8")).toContain("re.sub");
  }, 60_000);
});

test("a file that was written after the recording began is left out, and that is said", async () => {
  writeFileSync(run.path("src/app.py"), TEXT);
  expect(await run.line("fix", "run.pb.gz")).toMatch(/No fix known[^]*was written after the recording began/);
});

test.skipIf(process.getuid?.() !== 0)("code is never run with root's rights for somebody else", async () => {
  expect(await run.with({ SUDO_UID: "1000" }).line("fix", "run.pb.gz", "--prove")).toMatch(/^2\n.*run it without sudo\.$/);
});

test("--apply or --commit without --prove is a mistake", async () => {
  expect(await run.line("fix", "run.pb.gz", "--commit")).toBe(
    "2\nflameline: --commit goes with --prove: only what is proved is committed.",
  );
  expect(await run.line("fix", "run.pb.gz", "--apply")).toBe("2\nflameline: --apply goes with --prove: only what is proved is applied.");
});
