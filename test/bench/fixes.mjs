// The fixes on small programs of test/fixtures/fixes: what is offered, what is proved and whether that holds again, twins that must not match and traps
// that must not be proved. What has run at this commit is remembered, program by program, so an ended run goes on.
//   NAME.py      a function with a slow pattern and its driver; its first line names the rule
//   NAME.twin.py code that looks the same and must not match       NAME.trap.py matches, and the change is wrong
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { build } from "esbuild";
import { root } from "../../scripts/paths.mjs";

const FIXTURES = path.join(root, "test/fixtures/fixes");
const PROGRAM = path.join(root, ".test/fixes-bench.cjs");
const MEMORY = path.join(root, ".test/bench-fixes.json");
/** The requirement's numbers of cases and traps, all languages together. */
const WISHED = { cases: 60, traps: 40 };
const LEAST_SPEEDUP = 1.05;

export const bench = {
  title: "Fixes: seeded programs, their twins and traps (every line hot; proofs in the real interpreters)",
  cases: {
    python: ({ scale }) => language("python", "py", scale),
    javascript: ({ scale }) => language("javascript", "m?[jt]s", scale),
  },
};

/** @param {string} name @param {string} extension a pattern @param {number} scale */
async function language(name, extension, scale) {
  await build({
    entryPoints: [path.join(root, "test/bench/fixes-bench.ts")],
    bundle: true,
    platform: "node",
    format: "cjs",
    outfile: PROGRAM,
    logLevel: "error",
  });
  const files = readdirSync(path.join(FIXTURES, name)).filter((file) => new RegExp(`\\.${extension}$`).test(file));
  const some = (kind) => {
    const all = files.filter((file) => (kind === "" ? !/\.(twin|trap)\./.test(file) : file.includes(`.${kind}.`)));
    return { all: all.length, chosen: all.slice(0, Math.max(1, Math.round(all.length * scale))) };
  };
  const [cases, twins, traps] = [some(""), some("twin"), some("trap")];
  const remembered = memory();
  const run = async (file, times) => {
    const key = `${name}/${file} ${times}`;
    remembered.results[key] ??= await runProgram(path.join(FIXTURES, name, file), times);
    mkdirSync(path.dirname(MEMORY), { recursive: true });
    writeFileSync(MEMORY, JSON.stringify(remembered, null, 1));
    return remembered.results[key];
  };
  let [offered, proved, again, matched, believed] = [0, 0, 0, 0, 0];
  for (const file of cases.chosen) {
    const { offered: isOffered, proofs } = await run(file, 2);
    const [first, second] = proofs;
    if (isOffered) offered++;
    if (first?.verdict === "proved") proved++;
    if (first?.verdict === "proved" && (second?.speedup?.low ?? 0) >= LEAST_SPEEDUP) again++;
    console.log(`  ${file.padEnd(34)} ${isOffered ? describe(first) : "not offered"}; again ${describe(second)}`);
  }
  for (const file of twins.chosen) {
    if ((await run(file, 0)).offered) {
      matched++;
      console.log(`  ${file} matches`);
    }
  }
  for (const file of traps.chosen) {
    const { offered: isOffered, proofs } = await run(file, 1);
    if (proofs[0]?.verdict === "proved") believed++;
    console.log(`  ${file.padEnd(34)} ${isOffered ? describe(proofs[0]) : "not offered"}`);
  }
  const percent = (part, whole) => (whole === 0 ? 0 : (100 * part) / whole);
  return [
    { what: "programs there are", value: cases.all, unit: "", note: `of the ${WISHED.cases} of all languages that are wished` },
    {
      what: "offered",
      value: percent(offered, cases.chosen.length),
      unit: "%",
      target: 95,
      atLeast: true,
      note: `of ${cases.chosen.length}`,
    },
    { what: "of those proved", value: percent(proved, offered), unit: "%" },
    { what: `of those again at least ${LEAST_SPEEDUP}`, value: percent(again, proved), unit: "%", target: 90, atLeast: true },
    { what: "twins that matched", value: matched, unit: "", target: 0, note: `of ${twins.chosen.length}` },
    {
      what: "traps that were proved",
      value: believed,
      unit: "",
      target: 0,
      note: `of ${traps.chosen.length}; there are ${traps.all}, ${WISHED.traps} in all languages are wished`,
    },
  ];
}

function describe(proof) {
  if (proof?.speedup === undefined) return proof === undefined ? "not tried" : `${proof.verdict}: ${proof.reason}`.slice(0, 110);
  const { median, low, high } = proof.speedup;
  return `${proof.verdict} ${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}

/** Of another commit nothing is known. */
function memory() {
  const commit = spawnSync("git", ["-C", root, "rev-parse", "HEAD"], { encoding: "utf8" }).stdout.trim();
  const known = existsSync(MEMORY) ? JSON.parse(readFileSync(MEMORY, "utf8")) : {};
  return known.commit === commit ? known : { commit, results: {} };
}

/** @returns {Promise<{ offered: boolean, proofs: any[] }>} */
function runProgram(file, times) {
  const rule = /rule: ([\w-]+)/.exec(readFileSync(file, "utf8"))?.[1];
  if (rule === undefined) throw new Error(`${file} names no rule in its first line.`);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, file, rule, String(times)], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (part) => (text += part));
    child.on("error", reject);
    child.on("close", (status) =>
      status === 0 ? resolve(JSON.parse(text)) : reject(new Error(`${path.basename(file)} ended with ${status}`)),
    );
  });
}
