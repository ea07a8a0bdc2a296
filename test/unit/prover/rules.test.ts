/** Each rule's own change of a typical program, proved for real; and a trap of it, which no rule sees and the proof does. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { proveFix } from "../../../prover/prove-fix.js";
import type { ProofRecord } from "../../../protocol/fixes.js";
import { findings, syntax } from "../analysis/offered.js";

const python = spawnSync("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 8))"]).status === 0;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flameline-rules-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function proof(rule: string, program: string): Promise<ProofRecord> {
  const file = join(folder, "app.py");
  writeFileSync(file, program);
  const unwritten = {
    event: "cpu",
    total: () => 0.5,
    hottest: () => 0.5,
    own: () => 0.5,
    below: (_: number, __: number, name: string) => (name === "logging._log" ? 0 : 0.2),
  } as const;
  const finding = (await findings(file, program, unwritten)).find((each) => each.rule === rule);
  if (finding === undefined) throw new Error(`${rule} finds nothing`);
  return proveFix({
    root: folder,
    file,
    text: program,
    finding,
    process: { commandLine: ["python3", "app.py"], workingDirectory: folder },
    copies: join(tmpdir(), "flameline-rules-copies"),
    harness: join(import.meta.dirname, "../../../prover/python-harness/run.py"),
    syntax,
    environment: process.env,
    seconds: 100,
    signal: new AbortController().signal,
    progress: () => undefined,
  });
}

const main = (call: string): string => `\n\nif __name__ == "__main__":\n    for n in range(60):\n        ${call}\n`;
const KINDS = `("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "omega")`;

const GOOD: readonly (readonly [string, string])[] = [
  [
    "python-regex-in-hot-code",
    `import re\n\n\ndef work(rows):\n    return [re.sub(r"\\d+", "#", row) for row in rows]\n${main(`work(["a1b22", "x%d" % n, "", "no"])`)}`,
  ],
  [
    "python-membership-in-list",
    `def work(rows):\n    return [row for row in rows if row in ${KINDS}]\n${main(`work(["omega", "x%d" % n, "lambda", "alpha", "none"])`)}`,
  ],
  ["python-list-for-any", `def work(rows):\n    return any([row > 3 for row in rows])\n${main("work([1, 5, n] + list(range(n)))")}`],
  [
    "python-eager-logging",
    `import logging\n\nlog = logging.getLogger("app")\n\n\ndef work(rows):\n    total = 0\n    for row in rows:\n        log.debug(f"row {row!r} of {rows}")\n        total += row\n    return total\n${main("work([1, 5, n] + list(range(n)))")}`,
  ],
];

const TRAPS: readonly (readonly [string, string])[] = [
  [
    "python-regex-in-hot-code",
    `import re\n\n\ndef work(rows):\n    return [re.sub(r"(", "#", row) if row else row for row in rows]\n${main(`work(["", ""])`)}`,
  ],
  [
    "python-membership-in-list",
    `def work(rows):\n    return [row for row in rows if row in ${KINDS}]\n${main(`work([["omega"], "x%d" % n, "lambda"])`)}`,
  ],
  [
    "python-list-for-any",
    `def work(rows):\n    return any([rows.pop() > 3 for _ in range(len(rows))])\n${main("work([1, 5, n] + list(range(n)))")}`,
  ],
  [
    "python-eager-logging",
    `import logging\n\nlog = logging.getLogger("app")\n\n\nclass Row:\n    def __init__(self):\n        self.shown = 0\n\n    def __str__(self):\n        self.shown += 1\n        return "row"\n\n\ndef work(rows):\n    for row in rows:\n        log.debug(f"{row}")\n    return [row.shown for row in rows]\n${main("work([Row() for _ in range(n)])")}`,
  ],
];

describe.skipIf(!python)("the change of", () => {
  test.each(GOOD)(
    "%s is proved",
    async (rule, program) => {
      const record = await proof(rule, program);
      expect(record).toMatchObject({ verdict: "proved" });
      expect(record.speedup?.low).toBeGreaterThanOrEqual(1.05);
    },
    90_000,
  );

  test.each(TRAPS)(
    "%s is never proved where it changes what happens",
    async (rule, program) => {
      const record = await proof(rule, program);
      expect(record.verdict).toBe("failed");
      expect(record.speedup).toBeUndefined();
    },
    60_000,
  );
});
