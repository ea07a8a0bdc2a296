/** Programs that nobody here wrote: the reported lines are lines of their own sources, inside the function that is named. */
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import * as path from "node:path";
import { expect, test } from "@playwright/test";
import { cacheRoot, root } from "../../scripts/paths.mjs";
import { has } from "../../scripts/shell.mjs";
import {
  flameline,
  freshHelper,
  OWN_ENV,
  readReport,
  type Row,
  scratchFolder,
  signal,
  startFlameline,
  WHY_NOT,
} from "../support/flameline.mjs";
import { goFunctions, javascriptFunctions, pythonFunctions, type SourceFunction } from "../support/source-functions.mjs";
import { sleep } from "../support/programs.mjs";

const PYPERFORMANCE = "1.11.0";
const TYPESCRIPT = "5.9.3";
const HZ = "499";

let helper: Awaited<ReturnType<typeof freshHelper>> | undefined;
let scratch: ReturnType<typeof scratchFolder>;

test.beforeAll(async () => {
  test.skip(WHY_NOT !== undefined, WHY_NOT);
  helper = await freshHelper();
});
test.afterAll(() => helper?.stop());
test.beforeEach(() => {
  test.setTimeout(400_000);
  scratch = scratchFolder();
});
test.afterEach(() => scratch.remove());

/** Installs once, in a folder that every user can read. */
function install(name: string, command: (folder: string) => string[]): string {
  const folder = path.join(cacheRoot(), name);
  if (!existsSync(folder)) {
    const staging = `${folder}.${process.pid}`;
    mkdirSync(staging, { recursive: true });
    const [program = "", ...args] = command(staging);
    const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
    if (status !== 0) {
      rmSync(staging, { recursive: true, force: true });
      throw new Error(`${name} could not be installed: ${stderr}`);
    }
    spawnSync("mv", [staging, folder]);
    spawnSync("chmod", ["-R", "a+rX", folder]);
  }
  return folder;
}

interface Judgement {
  /** Share of the language's own cost that is on a line inside the function that is named, among rows that can be judged. */
  readonly right: number;
  /** Share of the language's own cost that has a file on this machine. */
  readonly located: number;
  readonly wrong: readonly string[];
}

/** Holds rows of one language against what its parser says; a nameless function is judged by nobody. */
function judge(rows: readonly Row[], functionsOf: (files: string[]) => Map<string, SourceFunction[]>): Judgement {
  const own = (some: readonly Row[]) => some.reduce((sum, row) => sum + row.self, 0);
  const placed = rows.filter((row) => row.file !== null && row.line !== null && existsSync(row.file));
  const named = placed.filter((row) => !/[<>]/.test(row.function) && row.function !== "");
  const functions = functionsOf([...new Set(named.flatMap((row) => row.file ?? []))]);
  const isRight = ({ file, line, function: name }: Row) =>
    (functions.get(file ?? "") ?? []).some(
      (one) => name.split(/[.()*]+/).includes(one.name) && one.start <= (line ?? 0) && (line ?? 0) <= one.end,
    );
  const wrong = named.filter((row) => !isRight(row));
  return {
    right: own(named) === 0 ? 0 : 1 - own(wrong) / own(named),
    located: own(rows) === 0 ? 0 : own(placed) / own(rows),
    wrong: wrong
      .filter((row) => row.self > 0)
      .slice(0, 20)
      .map((row) => `${row.function} at ${row.file}:${row.line} ${row.self}`),
  };
}

/** The largest share of a file's lines in the whole. */
function shareOf(report: { rows: Row[]; total: number }, file: string): number {
  return Math.max(0, ...report.rows.filter((row) => row.file === file).map((row) => row.total)) / report.total;
}

for (const benchmark of ["regex_compile", "django_template"]) {
  test(`pyperformance's bm_${benchmark} has its cost on the lines of its Python sources`, async () => {
    const libraries = install(`pyperformance-${PYPERFORMANCE}`, (folder) => [
      "python3",
      "-m",
      "pip",
      "install",
      "--quiet",
      "--disable-pip-version-check",
      "--root-user-action=ignore",
      "--target",
      folder,
      `pyperformance==${PYPERFORMANCE}`,
      "django==4.2.16",
    ]);
    const folder = path.join(libraries, "pyperformance/data-files/benchmarks", `bm_${benchmark}`);
    const profile = path.join(scratch.path, "run.pb.gz");
    // A worker is one process that does the rounds itself; as many of them as the time allows.
    const command = ["python3", "run_benchmark.py", "--worker", "--loops", "1", "--values", "100000", "--warmups", "0"];
    const recorded = await flameline(["record", "-o", profile, "--seconds", "12", "--hz", HZ, "--", ...command], {
      cwd: folder,
      env: { ...OWN_ENV, PYTHONPATH: libraries },
    });
    expect(recorded.status, recorded.stderr).toBe(0);

    const report = await readReport(profile, { cwd: folder });
    expect(report.samples, recorded.stderr).toBeGreaterThan(200);
    const { right, located, wrong } = judge(
      report.rows.filter((row) => row.language === "python"),
      pythonFunctions,
    );
    expect(right, wrong.join("\n")).toBeGreaterThan(0.98);
    // What imports modules at the start is frozen into the interpreter, which has only a bare name for its file.
    expect(located).toBeGreaterThan(0.85);
    expect(shareOf(report, path.join(folder, "run_benchmark.py"))).toBeGreaterThan(0.6);
    // The hottest of Python's functions are those of the library that the benchmark is about.
    const hottest = report.rows.filter((row) => row.language === "python").slice(0, 10);
    const library = benchmark === "regex_compile" ? /\/(sre_|re\/_)(compile|parse)r?\.py$/ : /\/django\/(template|utils|conf)\//;
    expect(hottest.filter((row) => library.test(row.file ?? "")).length, JSON.stringify(hottest, undefined, 1)).toBeGreaterThanOrEqual(6);
  });
}

test("typescript's compiler, run over this repository, has its cost on the lines of lib/_tsc.js", async () => {
  const compiler = path.join(
    install(`typescript-${TYPESCRIPT}`, (folder) => [
      "npm",
      "install",
      "--prefix",
      folder,
      "--no-audit",
      "--no-fund",
      "--ignore-scripts",
      "--loglevel=error",
      `typescript@${TYPESCRIPT}`,
    ]),
    "node_modules/typescript",
  );
  const script = path.join(compiler, "lib/_tsc.js");
  for (const folder of ["protocol", "profile", "source"]) {
    cpSync(path.join(root, folder), path.join(scratch.path, folder), { recursive: true });
  }
  const files = readdirSync(scratch.path, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const profile = path.join(scratch.path, "run.pb.gz");
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"];
  const recorded = await flameline(["record", "-o", profile, "--hz", HZ, "--", "node", script, ...options, ...files], {
    cwd: scratch.path,
  });
  expect(recorded.status, recorded.stderr).toBe(0);

  const report = await readReport(profile, { cwd: scratch.path });
  expect(report.samples, recorded.stderr).toBeGreaterThan(200);
  const { right, located, wrong } = judge(
    report.rows.filter((row) => row.language === "javascript" && row.file === script),
    (asked) => javascriptFunctions(asked, compiler),
  );
  expect(right, wrong.join("\n")).toBeGreaterThan(0.95);
  expect(located).toBeGreaterThan(0.95);
  // Its stacks are deep, its code is compiled and its memory collected by other threads: so own cost, and of a part.
  const own = report.rows.filter((row) => row.file === script).reduce((sum, row) => sum + row.self, 0);
  expect(own / report.total).toBeGreaterThan(0.1);
  // All of the runtime's own code has names, also what lies behind the built-in functions that it maps a second time.
  const nameless = report.rows
    .filter((row) => row.language === "native" && row.function.startsWith("["))
    .reduce((sum, row) => sum + row.self, 0);
  expect(nameless / report.total).toBeLessThan(0.25);
});

test("staticcheck, built from its module's sources, has its cost on the lines of those", async () => {
  test.skip(!has("go"), "Go is not installed");
  const tools = path.join(root, "bpf-helper/tools");
  const binary = path.join(scratch.path, "staticcheck");
  const built = spawnSync("go", ["build", "-o", binary, "honnef.co/go/tools/cmd/staticcheck"], { cwd: tools, encoding: "utf8" });
  expect(built.status, built.stderr).toBe(0);
  const profile = path.join(scratch.path, "run.pb.gz");
  // It runs as us, who have Go's cache, so it is started here and recorded by its pid; an empty cache of its own makes it work.
  const program = spawn("sh", ["-c", `sleep 3; exec "${binary}" ./internal/...`], {
    cwd: path.join(root, "bpf-helper"),
    env: { ...process.env, STATICCHECK_CACHE: path.join(scratch.path, "cache") },
    detached: true,
    stdio: "ignore",
  });
  const ended = new Promise((resolve) => program.once("close", resolve));
  const pid = String(program.pid);
  const recording = startFlameline(["record", "-o", profile, "--hz", HZ, "--seconds", "45", "--pid", pid], { cwd: scratch.path });
  await Promise.race([ended, recording.ended]);
  await sleep(1000);
  recording.child.kill("SIGINT");
  const recorded = await recording.ended;
  signal(-Number(pid), "SIGKILL");
  expect(recorded.status, recorded.stderr).toBe(0);

  const report = await readReport(profile, { cwd: path.join(root, "bpf-helper") });
  expect(report.samples, recorded.stderr).toBeGreaterThan(200);
  // The runtime gives some of its functions other names than they have in the source (go:linkname).
  const go = report.rows.filter((row) => row.language === "go" && row.file?.endsWith(".go") && !row.file.includes("/runtime/"));
  const { right, located, wrong } = judge(go, (asked) => goFunctions(asked, scratch.path));
  expect(right, wrong.join("\n")).toBeGreaterThan(0.98);
  expect(located).toBeGreaterThan(0.95);
  // Its analyses are its own sources; the type checker and the runtime are Go's.
  const own = go.filter((row) => row.file?.includes("/honnef.co/go/tools@"));
  expect(Math.max(0, ...own.map((row) => row.total)) / report.total, JSON.stringify(go.slice(0, 10), undefined, 1)).toBeGreaterThan(0.1);
});
