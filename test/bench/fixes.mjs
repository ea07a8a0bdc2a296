// The fixes on small programs of test/fixtures/fixes: what is offered, what is proved and whether that holds again, twins that must not match and traps
// that must not be proved. Each proof is remembered for as long as what it depends on stays as it is: the program and what it shares, its rule's file with all that it imports, and the
// prover of its language. So an ended run goes on, and a change of one rule proves the programs of that rule again.   --minutes M begins no program later.
//   NAME.py      a function with a slow pattern and its driver; its first line names the rule, the second one the public project that it is made after, if any
//   NAME.twin.py code that looks the same and must not match       NAME.trap.py matches, and the change is wrong
//   npm run bench:fixes -- fixes/python     FLAMELINE_FIXES=NAME… runs some programs only
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { build } from "esbuild";
import { root } from "../../scripts/paths.mjs";
import { pythonWith } from "../support/python-libraries.mjs";

const FIXTURES = path.join(root, "test/fixtures/fixes");
const PROGRAM = path.join(root, `.test/fixes-bench-${process.pid}.cjs`);
const MEMORY = path.join(root, ".test/bench-fixes.json");
/** The requirement's numbers of cases and traps, all languages together. */
const WISHED = { cases: 60, traps: 40 };
const LEAST_SPEEDUP = 1.05;
const LIBRARIES = ["orjson==3.13.0", "numpy==2.4.6", "pandas==3.1.1", "sqlalchemy==2.1.9", "django==5.2.19", "requests==2.34.2"];

export const bench = {
  title: "Fixes: seeded programs, their twins and traps (every line hot; proofs in the real interpreters)",
  cases: {
    python: ({ scale, end }) => group("python", scale, end),
    orm: ({ scale, end }) => group("orm", scale, end),
    javascript: ({ scale, end }) => group("javascript", scale, end),
    findings: () => findings(),
  },
};

/** How long the language server takes for the largest files that there are: of this project, and of Python's library. */
async function findings() {
  const program = path.join(root, ".test/findings-bench.cjs");
  const entry = path.join(root, "test/bench/findings-bench.ts");
  await build({ entryPoints: [entry], bundle: true, platform: "node", format: "cjs", outfile: program, logLevel: "error" });
  const listed = spawnSync("git", ["-C", root, "ls-files", "*.py", "*.js", "*.mjs", "*.ts", "*.mts", "*.go", "*.java", "*.rs"], {
    encoding: "utf8",
  });
  const sized = listed.stdout
    .trim()
    .split("\n")
    .map((file) => ({ file, size: statSync(path.join(root, file)).size }));
  const largest = [/\.py$/, /\.m?[jt]s$/, /\.go$/, /\.java$/, /\.rs$/].flatMap((kind) =>
    sized
      .filter(({ file }) => kind.test(file))
      .toSorted((a, b) => b.size - a.size)
      .slice(0, 2)
      .map(({ file }) => file),
  );
  const library = spawnSync("python3", ["-c", "import argparse; print(argparse.__file__)"], { encoding: "utf8" }).stdout.trim();
  const { stdout } = spawnSync(process.execPath, [program, ...largest, ...(library === "" ? [] : [library])], {
    cwd: root,
    encoding: "utf8",
  });
  return JSON.parse(stdout).map(({ file, lines, all, some }) => ({
    what: `findings of ${path.basename(file)}`,
    value: some,
    unit: "ms",
    target: 100,
    note: `${lines} lines, every 20th hot; ${all.toFixed(0)} ms with all of them hot`,
  }));
}

/** @param {"python" | "orm" | "javascript"} name @param {number} scale @param {number} end ms since 1970 */
async function group(name, scale, end) {
  const { metafile } = await build({
    metafile: true,
    absWorkingDir: root,
    entryPoints: [path.join(root, "test/bench/fixes-bench.ts")],
    bundle: true,
    platform: "node",
    format: "cjs",
    outfile: PROGRAM,
    logLevel: "error",
  });
  const only = (process.env.FLAMELINE_FIXES ?? "").split(/\s+/).filter((each) => each !== "");
  // A hundredth of it has no time for libraries, nor to prove again.
  const isWhole = scale >= 1;
  const { python, whyNot } =
    name === "javascript" ? { python: process.execPath } : isWhole || only.length > 0 ? pythonWith(LIBRARIES) : { python: "python3" };
  if (python === undefined) throw new Error(whyNot);
  const files = readdirSync(path.join(FIXTURES, name)).filter(
    (file) => /\.(py|m?js|ts)$/.test(file) && !file.startsWith("shared") && (only.length === 0 || only.includes(file.split(".")[0] ?? "")),
  );
  const some = (kind) => {
    const all = files.filter((file) => (kind === "" ? !/\.(twin|trap)\./.test(file) : file.includes(`.${kind}.`)));
    return { all: all.length, chosen: all.slice(0, Math.max(1, Math.round(all.length * scale))) };
  };
  const [cases, twins, traps] = [some(""), some("twin"), some("trap")];
  const shared = readdirSync(path.join(FIXTURES, name)).filter((file) => file.startsWith("shared"));
  for (const file of files) basisOf(metafile, ruleOf(path.join(FIXTURES, name, file)), name).forEach(textOf);
  let left = 0;
  /** @param {string} file @param {"offer" | "proof" | "again"} wish */
  const run = async (file, wish) => {
    const full = path.join(FIXTURES, name, file);
    const basis = [...basisOf(metafile, ruleOf(full), name), ...shared.map((each) => path.join("test/fixtures/fixes", name, each))];
    const [key, state] = [
      `${name}/${file} ${wish}`,
      hash([...LIBRARIES, readFileSync(full, "utf8"), ...basis.flatMap((each) => [each, textOf(each)])]),
    ];
    const known = memory()[key];
    if (known?.state === state) return known.result;
    if (Date.now() > end) {
      left++;
      return undefined;
    }
    const result = await runProgram(full, python, wish === "offer" ? 0 : 1);
    mkdirSync(path.dirname(MEMORY), { recursive: true });
    // Two groups may run side by side.
    writeFileSync(`${MEMORY}.${process.pid}`, JSON.stringify({ ...memory(), [key]: { state, result } }, null, 1));
    renameSync(`${MEMORY}.${process.pid}`, MEMORY);
    return result;
  };
  let [offered, proved, again, matched, believed, public_] = [0, 0, 0, 0, 0, 0];
  for (const file of cases.chosen) {
    if (/^(#|\/\/) after: /m.test(readFileSync(path.join(FIXTURES, name, file), "utf8"))) public_++;
    const first = await run(file, name === "orm" && !isWhole ? "offer" : "proof");
    if (first === undefined) continue;
    const { offered: isOffered, proofs } = first;
    if (isOffered) offered++;
    const isProved = proofs[0]?.verdict === "proved";
    const second = isProved && isWhole ? (await run(file, "again"))?.proofs[0] : undefined;
    if (isProved) proved++;
    if ((second?.speedup?.low ?? 0) >= LEAST_SPEEDUP) again++;
    console.log(
      `  ${file.padEnd(28)} ${isOffered ? describe(proofs[0]) : "not offered"}${second === undefined ? "" : `; again ${describe(second)}`}`,
    );
  }
  for (const file of twins.chosen) {
    if ((await run(file, "offer"))?.offered) {
      matched++;
      console.log(`  ${file} matches`);
    }
  }
  for (const file of traps.chosen) {
    const tried = await run(file, name === "orm" && !isWhole ? "offer" : "proof");
    if (tried === undefined) continue;
    const { offered: isOffered, proofs } = tried;
    if (proofs[0]?.verdict === "proved") believed++;
    console.log(`  ${file.padEnd(28)} ${isOffered ? describe(proofs[0]) : "not offered"}`);
  }
  rmSync(PROGRAM, { force: true });
  const percent = (part, whole) => (whole === 0 ? 0 : (100 * part) / whole);
  return [
    ...(left === 0 ? [] : [{ what: "runs left for the next time", value: left, unit: "", target: 0, isPart: true }]),
    { what: "programs there are", value: cases.all, unit: "", note: `of the ${WISHED.cases} of all that are wished` },
    { what: "made after a public project's history", value: public_, unit: "", note: `of ${cases.chosen.length}` },
    {
      what: "offered",
      value: percent(offered, cases.chosen.length),
      unit: "%",
      target: 95,
      atLeast: true,
      note: `of ${cases.chosen.length}`,
    },
    { what: "of those proved", value: percent(proved, offered), unit: "%" },
    ...(isWhole
      ? [{ what: `of those again at least ${LEAST_SPEEDUP}`, value: percent(again, proved), unit: "%", target: 90, atLeast: true }]
      : []),
    { what: "twins that matched", value: matched, unit: "", target: 0, note: `of ${twins.chosen.length}` },
    {
      what: "traps that were proved",
      value: believed,
      unit: "",
      target: 0,
      note: `of ${traps.chosen.length}; there are ${traps.all}, ${WISHED.traps} in all are wished`,
    },
  ];
}

function describe(proof) {
  if (proof?.speedup === undefined) return proof === undefined ? "not tried" : `${proof.verdict}: ${proof.reason}`.slice(0, 150);
  const { median, low, high } = proof.speedup;
  return `${proof.verdict} ${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}

/** Of the prover and the harnesses, what only the other language needs. */
const OF_OTHER = {
  javascript: /^prover\/python-trial|^analysis\/optimize\/(python|compiled)\//,
  python: /^prover\/(node-trial|noted-calls|link-modules|test-files)|^analysis\/optimize\/(javascript|compiled)\//,
};

/** What a proof of one rule's programs depends on, beside them: its file, the prover, and all that those import; paths from the root, sorted. */
function basisOf({ inputs }, rule, name) {
  const language = name === "javascript" ? name : "python";
  const found = new Set(["test/bench/fixes-bench.ts"]);
  for (const file of found) {
    for (const { path: imported } of inputs[file]?.imports ?? []) {
      // All rules are listed there; one of them finds the pattern.
      const isOther = file === "analysis/optimize/rules.ts" && !textOf(imported).includes(`"${rule}"`);
      if (/^(analysis\/optimize|prover|test\/bench)\//.test(imported) && !isOther && !OF_OTHER[language].test(imported))
        found.add(imported);
    }
  }
  const folder = language === "javascript" ? "prover/node-harness" : "prover/python-harness";
  const harness = readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" }).filter((each) => /\.([cm]js|py)$/.test(each));
  return [...found]
    .filter((each) => each !== "analysis/optimize/rules.ts")
    .concat(harness.map((each) => path.join(folder, each)))
    .sort();
}

/** Texts as they were when the program was built: who edits while a bench runs changes nothing of what it remembers. @type {Map<string, string>} */
const texts = new Map();

/** @param {string} file path from the root */
function textOf(file) {
  const text = texts.get(file) ?? readFileSync(path.join(root, file), "utf8");
  texts.set(file, text);
  return text;
}

function ruleOf(file) {
  const rule = /rule: ([\w-]+)/.exec(readFileSync(file, "utf8"))?.[1];
  if (rule === undefined) throw new Error(`${file} names no rule in its first line.`);
  return rule;
}

function hash(texts) {
  return createHash("sha256").update(texts.join("\0")).digest("hex").slice(0, 12);
}

function memory() {
  return existsSync(MEMORY) ? JSON.parse(readFileSync(MEMORY, "utf8")) : {};
}

/** @returns {Promise<{ offered: boolean, proofs: any[] }>} */
function runProgram(file, interpreter, times) {
  const rule = ruleOf(file);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, file, rule, interpreter, String(times)], {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (part) => (text += part));
    child.on("error", reject);
    child.on("close", (status) =>
      status === 0 ? resolve(JSON.parse(text)) : reject(new Error(`${path.basename(file)} ended with ${status}`)),
    );
  });
}
