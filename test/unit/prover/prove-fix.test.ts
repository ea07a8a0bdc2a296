/** Proofs of changes to real Python code, run for real: what is right is proved, what only looks right is not. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { proveFix } from "../../../prover/prove-fix.js";
import type { ProofRecord } from "../../../protocol/fixes.js";
import { syntax } from "../analysis/offered.js";
import { pythonWith } from "../../support/python-libraries.mjs";

const HARNESS = join(import.meta.dirname, "../../../prover/python-harness/run.py");
const python = spawnSync("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 8))"]).status === 0;
const pytest = spawnSync("python3", ["-c", "import pytest"]).status === 0;

const postgres = pythonWith(["psycopg2-binary==2.9.13"]);
const mayUnshare = spawnSync("unshare", ["--user", "--map-current-user", "--net", "true"]).status === 0;

/** Who reaches it has a network. */
const server = createServer(() => accepted++).listen(0, "127.0.0.1");
let accepted = 0;
const address = () => server.address() as AddressInfo;
await once(server, "listening");
afterAll(() => server.close());

let home: string;
let folder: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "flameline-prover-"));
  folder = join(home, "work");
  mkdirSync(folder);
  mkdirSync(join(home, "tmp"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

interface Change {
  /** Of `app.py`: `OLD` stands for what changes. */
  readonly program: string;
  readonly from: string;
  readonly to: string;
  readonly subject?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly commandLine?: readonly string[];
  readonly seconds?: number;
  readonly signal?: AbortSignal;
}

/** Proves the change of a program that was recorded as `python3 app.py`. */
async function proof({
  program,
  from,
  to,
  subject = "work",
  files = {},
  commandLine,
  seconds = 120,
  signal,
}: Change): Promise<ProofRecord> {
  const text = program.replace("OLD", () => from);
  const start = program.indexOf("OLD");
  const file = join(folder, "app.py");
  for (const [name, content] of Object.entries({ "app.py": text, ...files })) writeFileSync(join(folder, name), content);
  const edits = [{ start, end: start + from.length, text: to }];
  const [startLine, endLine] = [1, 1];
  const described = { id: "x", kind: "fix", rule: "x", title: "", message: "", event: "cpu", share: 0.5, expectedGain: 2 } as const;
  return proveFix({
    root: folder,
    file,
    text,
    finding: { ...described, startLine, endLine, start, end: start + from.length, edits, subject },
    process: { commandLine: commandLine ?? ["python3", "app.py"], workingDirectory: folder },
    copies: join(home, "tmp"),
    harness: HARNESS,
    syntax,
    environment: process.env,
    seconds,
    signal: signal ?? new AbortController().signal,
    progress: () => undefined,
  });
}

const CALLS = `
if __name__ == "__main__":
    for n in range(40):
        work(["ab cd  ef"[n % 4 :], "x" * (n % 5), str(n)])
`;

describe.skipIf(!python)("a change", () => {
  test("that is equal and faster is proved, with its interval, and touches nothing of the user's", async () => {
    const record = await proof({
      program: `import re\n\nPATTERN = re.compile(r"\\w+\\s")\n\n\ndef work(words):\n    return [OLD for word in words]\n${CALLS}`,
      from: String.raw`re.findall(r"\w+\s", word)`,
      to: "PATTERN.findall(word)",
    });
    expect(record).toMatchObject({ verdict: "proved" });
    expect(record.speedup?.low).toBeGreaterThan(1.05);
    expect(record.speedup?.high).toBeGreaterThanOrEqual(record.speedup?.median ?? Number.NaN);
    expect(record.safety.mutantsCaught).toBeGreaterThanOrEqual(0.8);
    expect(readdirSync(folder)).toEqual(["app.py"]);
    expect(readdirSync(join(home, "tmp"))).toEqual([]);
  }, 60_000);

  test.each([
    ["splits at other blanks", "word.split()", 'word.split(" ")'],
    ["gives another kind of number", "len(word)", "float(len(word))"],
    ["gives the other zero", "-0.0", "0.0"],
    ["raises something else", "word[5]", "dict(enumerate(word))[5]"],
    ["leaves a list sorted", "sorted(words)", "(words.sort(), words[:])[1]"],
    ["answers the argument itself", "words[:]", "words"],
    ["prints something else", "print(word)", 'print(word, "")'],
    ["logs something else", '__import__("logging").warning("%s", word)', '__import__("logging").warning("%r", word)'],
    ["has another order", "list(dict.fromkeys(word))", "sorted(set(word))"],
    ["shares what was apart", "[[], []]", "[[]] * 2"],
    ["is found only by what nobody passed", 'word.count("\\n")', "0"],
    ["doesn't end", "len(word)", "[1 for _ in iter(int, 1)]"],
    ["isn't known", "len(word)", "length(word)"],
  ])(
    "that %s is never proved",
    async (_, from, to) => {
      const record = await proof({ program: `def work(words):\n    return [OLD for word in words]\n${CALLS}`, from, to });
      expect(record.verdict).toBe("failed");
      expect(record.speedup).toBeUndefined();
      expect(record.reason).toMatch(/^It behaves differently: work\(.+\) (returned|raised) |^The changed file can't be loaded/);
    },
    60_000,
  );

  test.each([
    ["depends on chance", "import random", "random.random()"],
    ["depends on the time", "import time", "time.perf_counter_ns()"],
    ["writes a file", "", 'open("seen", "a").write("x")'],
    ["starts a process", "import subprocess", 'subprocess.run(["true"]).returncode'],
    ["opens a connection", "import socket", 'socket.socket().connect_ex(("127.0.0.1", 9))'],
  ])(
    "of code that %s is refused",
    async (_, head, code) => {
      const record = await proof({
        program: `${head}\n\n\ndef work(words):\n    return [OLD for word in words]\n${CALLS}`,
        from: `(${code}, len(word))`,
        to: `(${code}, word.__len__())`,
      });
      expect(record).toMatchObject({ verdict: "refused" });
      expect(record.reason).toMatch(
        /does not do the same|can't be proved: it (writes a file|starts a process|opens a connection)|No call of work was seen/,
      );
      expect(readdirSync(folder)).toEqual(["app.py"]);
    },
    60_000,
  );

  test.skipIf(postgres.python === undefined)(
    "of code that asks a native driver is refused",
    async () => {
      const head = "from psycopg2 import connect\n";
      const ask = 'connect("host=/nowhere dbname=shop connect_timeout=1")';
      const program = `${head}\n\ndef asked():\n    try:\n        return ${ask}\n    except Exception as error:\n        return str(error)\n\n\ndef work(words):\n    return [OLD for word in words]\n${CALLS}`;
      const commandLine = [postgres.python ?? "", "app.py"];
      const refused = await proof({ program, from: "(asked(), len(word))", to: "(asked(), word.__len__())", commandLine });
      expect(refused).toMatchObject({ verdict: "refused", reason: expect.stringMatching(/it opens a connection by native code/) });
      // What only imports it isn't.
      const imported = await proof({ program, from: '"".join([each for each in word * 9])', to: "word * 9", commandLine });
      expect(imported).toMatchObject({ verdict: "proved" });
    },
    90_000,
  );

  test.skipIf(!mayUnshare)(
    "has no network, also for native code that no guard knows",
    async () => {
      // `connect` by way of the C library: no audit event tells of it.
      const head = [
        "import ctypes, socket, struct",
        "LIBRARY = ctypes.CDLL(None, use_errno=True)",
        `PLACE = struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", ${address().port}, bytes([127, 0, 0, 1]))`,
        "",
        "",
        "def reached():",
        "    handle = LIBRARY.socket(socket.AF_INET, socket.SOCK_STREAM, 0)",
        "    ended = LIBRARY.connect(handle, PLACE, len(PLACE))",
        "    LIBRARY.close(handle)",
        "    return ended",
      ].join("\n");
      const program = `${head}\n\n\ndef work(words):\n    return [OLD for word in words]\n${CALLS}`;
      const record = await proof({ program, from: "(reached(), len(word))", to: "(reached(), word.__len__())" });
      expect(record.safety.tried.join("\n")).toContain("without a network");
      expect(accepted).toBe(0);
    },
    60_000,
  );

  test("that isn't surely faster fails, and says how fast it is", async () => {
    const record = await proof({
      program: `def work(words):\n    return [OLD for word in words]\n${CALLS}`,
      from: "len(word) + 1",
      to: "1 + len(word)",
    });
    expect(record).toMatchObject({ verdict: "failed" });
    expect(record.reason).toMatch(/^It is not surely faster: work is [01]\.\d\d times as fast \([01]\.\d\d to [01]\.\d\d\)/);
  }, 90_000);

  test("whose result nobody looks at is weak, however much faster it is", async () => {
    const record = await proof({
      program: `import re\n\nPATTERN = re.compile("a")\n\n\ndef work(words):\n    for word in words:\n        OLD\n    return 1\n${CALLS}`,
      from: `re.match("a", word)`,
      to: `PATTERN.match(word)`,
    });
    expect(record).toMatchObject({ verdict: "weak" });
    expect(record.safety.mutantsCaught).toBeLessThan(0.8);
  }, 90_000);

  test.skipIf(!pytest)(
    "that breaks a test of the project fails, also where all calls are equal",
    async () => {
      const record = await proof({
        program: `import re\n\nPATTERN = re.compile("a")\n\n\ndef work(words):\n    return [OLD for word in words]\n${CALLS}`,
        from: `re.match("a", word)`,
        to: `PATTERN.match(word)`,
        files: {
          "test_app.py": `import app\n\n\ndef test_patched(monkeypatch):\n    monkeypatch.setattr(app.re, "match", lambda *_: 5)\n    assert app.work(["a"]) == [5]\n\n\ndef test_already_broken():\n    assert False\n`,
        },
      });
      expect(record.reason).toBe("The project's test test_app.py::test_patched passes with the old code and not with the new one.");
    },
    60_000,
  );

  test("of code that was not called when the program ran again is refused", async () => {
    const record = await proof({ program: `def work(words):\n    return OLD\n`, from: "1 + 1", to: "2" });
    expect(record).toMatchObject({ verdict: "refused", reason: expect.stringContaining("No call of work was seen") });
  }, 30_000);

  test("of a program that never ends is given up when the time is over", async () => {
    const record = await proof({
      program: `import re\n\nPATTERN = re.compile("a")\n\n\ndef work(words):\n    return [OLD for word in words]\n\n\nwork(["ab", "b", "ca"])\nwhile __name__ == "__main__":\n    pass\n`,
      from: `re.match("a", word)`,
      to: `PATTERN.match(word)`,
      seconds: 6,
    });
    expect(record).toMatchObject({ verdict: "refused", reason: expect.stringContaining("time") });
  }, 60_000);

  test("that is given up leaves no process and no copy", async () => {
    const controller = new AbortController();
    const mark = `flameline-test-${process.pid}-${Date.now()}`;
    const running = proof({
      program: `import time\n\n\ndef work(words):\n    return OLD\n\n\nif __name__ == "__main__":\n    time.sleep(60)\n`,
      from: "1 + 1",
      to: "2",
      commandLine: ["python3", "app.py", mark],
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(), 1500);
    await expect(running).rejects.toThrow();
    expect(readdirSync(join(home, "tmp"))).toEqual([]);
    const commands = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    const left = commands.filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cwd/app.py`, "utf8").includes("time.sleep(60)");
      } catch {
        return false;
      }
    });
    expect(left).toEqual([]);
  }, 30_000);

  test("after one that was killed takes its copy away, and where there is no room is refused", async () => {
    const dead = spawnSync("true").pid;
    mkdirSync(join(home, "tmp", `flameline-proof-${dead}-abc`));
    mkdirSync(join(home, "tmp", `flameline-proof-${process.pid}-abc`));
    await proof({ program: `def work(words):\n    return OLD\n`, from: "1 + 1", to: "2" });
    expect(readdirSync(join(home, "tmp"))).toEqual([`flameline-proof-${process.pid}-abc`]);
    rmSync(join(home, "tmp"), { recursive: true });
    writeFileSync(join(home, "tmp"), "");
    const record = await proof({ program: `def work(words):\n    return OLD\n`, from: "1 + 1", to: "2" });
    expect(record).toMatchObject({ verdict: "refused", reason: expect.stringContaining("There is no room") });
  }, 30_000);

  test("outside of functions can't be proved, and says so", async () => {
    const given = { program: "OLD\n", from: "1 + 1", to: "2" };
    expect(await proof({ ...given, subject: "" })).toMatchObject({ verdict: "refused" });
  });
});
