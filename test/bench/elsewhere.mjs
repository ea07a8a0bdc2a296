// Fixes in code that nobody here wrote: the benchmarks of pyperformance, and npm packages as they were before a known fix of their speed. Both come from their registries,
// into the cache, and are run as they are. Found are patterns with every line hot; of each rule the first one of a file is proved.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { build } from "esbuild";
import { cacheRoot, root } from "../../scripts/paths.mjs";
import { pythonWith } from "../support/python-libraries.mjs";

const PROGRAM = path.join(root, ".test/elsewhere-bench.cjs");
const PROOFS_A_FILE = 3;

/** A package before the change that made it faster, the file of that change, and a program that calls it. */
const PACKAGES = [
  {
    name: "fluent-json-schema",
    version: "5.0.0",
    mended: "6.0.0 (pull request 274)",
    file: "src/utils.js",
    driver: `const S = require("./package");
for (let n = 0; n < 40; n++) {
  let schema = S.object();
  for (let at = 0; at < n; at++) schema = schema.prop("name" + at, at % 2 ? S.string().maxLength(at) : S.number());
  schema.valueOf();
}`,
  },
  {
    name: "@fastify/swagger",
    version: "9.4.0",
    mended: "9.4.2 (pull request 852)",
    file: "lib/util/resolve-local-ref.js",
    driver: `const { resolveLocalRef } = require("./package/lib/util/resolve-local-ref");
for (let n = 0; n < 40; n++) {
  const properties = Object.fromEntries(Array.from({ length: n * 3 }, (_, at) => ["p" + at, { type: "string", at }]));
  resolveLocalRef({ type: "object", properties, required: ["p1", "p2"] }, {});
}`,
  },
  {
    name: "lint-staged",
    version: "15.5.1",
    mended: "15.5.2 (pull request 1537)",
    file: "lib/searchConfigs.js",
    driver: `import { searchConfigs } from "./package/lib/searchConfigs.js";
for (let n = 0; n < 20; n++) await searchConfigs({ configObject: { "*.js": "true", ["*." + n]: "true" } }, console);`,
  },
];

export const bench = {
  title: "Fixes in code that nobody here wrote (every line hot; of each rule a file's first finding is proved)",
  cases: { pyperformance: ({ scale }) => pyperformance(scale), packages: ({ scale }) => packages(scale) },
};

async function pyperformance(scale) {
  await bundle();
  // A hundredth of it installs nothing.
  if (scale < 1) return [];
  const { python, whyNot } = pythonWith(["pyperformance==1.14.0", "orjson==3.13.0"]);
  if (python === undefined) throw new Error(whyNot);
  const [library = ""] = spawnSync(python, ["-c", "import pyperformance; print(pyperformance.__path__[0])"], {
    encoding: "utf8",
  }).stdout.split("\n");
  const folder = path.join(library, "data-files/benchmarks");
  const files = readdirSync(folder).filter((name) => existsSync(path.join(folder, name, "run_benchmark.py")));
  const sum = newSum();
  for (const name of files) {
    // In one process, once through, without measuring.
    const arguments_ = ["run_benchmark.py", "--worker", "-l1", "-w0", "-n1"];
    await runIn(path.join(folder, name), "run_benchmark.py", [python, ...arguments_], name, sum, true);
  }
  return rows(sum, files.length, "benchmarks");
}

async function packages(scale) {
  await bundle();
  if (scale < 1) return [];
  const sum = newSum();
  for (const { name, version, file, driver, mended } of PACKAGES) {
    const home = path.join(cacheRoot(), "packages", `${name.replaceAll("/", "-")}-${version}`);
    if (!existsSync(path.join(home, "node_modules"))) {
      mkdirSync(home, { recursive: true });
      writeFileSync(path.join(home, "package.json"), "{}");
      const { status } = spawnSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", `${name}@${version}`], { cwd: home });
      if (status !== 0) throw new Error(`${name}@${version} can't be installed.`);
    }
    const folder = mkdtempSync(path.join(tmpdir(), "flameline-elsewhere-"));
    try {
      cpSync(path.join(home, "node_modules", name), path.join(folder, "package"), { recursive: true });
      cpSync(path.join(home, "node_modules"), path.join(folder, "node_modules"), { recursive: true });
      const program = driver.startsWith("import") ? "driver.mjs" : "driver.cjs";
      writeFileSync(path.join(folder, program), driver);
      await runIn(folder, path.join("package", file), [process.execPath, program], `${name} ${version}, mended in ${mended}`, sum, false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return rows(sum, PACKAGES.length, "packages");
}

function newSum() {
  return { files: 0, found: 0, proved: 0, weak: 0, failed: 0, refused: 0 };
}

async function runIn(folder, file, command, label, sum, copies) {
  const home = copies ? mkdtempSync(path.join(tmpdir(), "flameline-elsewhere-")) : folder;
  try {
    if (copies) cpSync(folder, home, { recursive: true });
    const { found, proofs } = await measure([home, path.join(home, file), String(PROOFS_A_FILE), ...command]);
    if (found.length > 0) sum.files++;
    sum.found += found.length;
    console.log(`  ${label}: ${found.length === 0 ? "nothing found" : `${found.length} found`}`);
    for (const { rule, line, verdict, reason, speedup } of proofs) {
      sum[verdict]++;
      const gain = speedup === undefined ? "" : ` ${speedup.median.toFixed(2)} (${speedup.low.toFixed(2)} to ${speedup.high.toFixed(2)})`;
      console.log(`    line ${line}, ${rule}: ${verdict}${gain}${reason === undefined ? "" : `: ${reason.slice(0, 130)}`}`);
    }
  } finally {
    if (copies) rmSync(home, { recursive: true, force: true });
  }
}

function rows({ files, found, proved, weak, failed, refused }, all, unit) {
  return [
    { what: `${unit} with a finding`, value: files, unit: "", note: `of ${all}` },
    { what: "findings", value: found, unit: "", note: "every line hot" },
    {
      what: "proved",
      value: proved,
      unit: "",
      note: `of ${proved + weak + failed + refused} that were tried; ${weak} weak, ${failed} failed, ${refused} refused`,
    },
  ];
}

async function bundle() {
  const entry = path.join(root, "test/bench/elsewhere-bench.ts");
  await build({ entryPoints: [entry], bundle: true, platform: "node", format: "cjs", outfile: PROGRAM, logLevel: "error" });
}

/** @returns {Promise<{ found: any[], proofs: any[] }>} */
function measure(given) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...given], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (part) => (text += part));
    child.on("error", reject);
    child.on("close", (status) =>
      status === 0 ? resolve(JSON.parse(text)) : reject(new Error(`the proofs of ${given[1]} ended with ${status}`)),
    );
  });
}
