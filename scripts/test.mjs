// Runs every test and prints one closing line.   npm test [-- STAGE…] [--prepare-machine]
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { runChecks } from "./check.mjs";
import { fuzzAll } from "./fuzz.mjs";
import { goTests } from "./go-tests.mjs";
import { arm64Tests } from "./kernels/arm64.mjs";
import { installPackages, sayMissingToolchains } from "./machine.mjs";
import { root } from "./paths.mjs";
import { has, isRoot, run } from "./shell.mjs";

const results = path.join(root, ".test");

/** @typedef {{ passed: number, failed: string[], skipped: string[] }} Outcome */

/** @type {Record<string, () => Outcome | Promise<Outcome>>} in the order in which they run: the quick ones first */
const stages = { check: runChecks, build, unit, go, fuzz, integration, kernels, e2e, bench, start };

async function build() {
  return one("build", await run("node", ["scripts/build.mjs"]));
}

async function unit() {
  const file = resultFile("unit.json");
  await run("npx", ["vitest", "run", "--reporter=dot", "--reporter=json", `--outputFile=${file}`], {
    env: { ...process.env, NO_COLOR: "1" },
  });
  return read(file, (report) => ({
    passed: report.numPassedTests,
    failed: report.testResults.flatMap((suite) => {
      const failures = suite.assertionResults.filter((test) => test.status === "failed").map((test) => test.fullName);
      return suite.status === "failed" && failures.length === 0 ? [`${suite.name}: ${suite.message}`] : failures;
    }),
    skipped: report.testResults.flatMap((suite) =>
      suite.assertionResults.filter((test) => test.status !== "passed" && test.status !== "failed").map((test) => test.fullName),
    ),
  }));
}

function go() {
  if (!has("go")) {
    return skip("go", "Go is not installed");
  }
  return goTests([".", "./internal/..."]);
}

/** 5 s for each target: `npm run bench:long -- fuzz` gives each a minute. */
async function fuzz() {
  const outcomes = await fuzzAll({ seconds: 5 });
  for (const { name, finding } of outcomes.filter((each) => each.finding !== undefined)) {
    console.log(`${name}: ${finding}`);
  }
  const failed = outcomes.filter(({ finding, inputs }) => finding !== undefined || inputs === 0).map(({ name }) => `fuzz: ${name}`);
  return { passed: outcomes.length - failed.length, failed, skipped: [] };
}

async function kernels() {
  const file = resultFile("kernels.json");
  await run("node", ["scripts/kernels.mjs", file]);
  const others = read(file, (outcome) => outcome);
  const arm = arm64Tests();
  return { passed: others.passed + arm.passed, failed: [...others.failed, ...arm.failed], skipped: [...others.skipped, ...arm.skipped] };
}

async function integration() {
  const file = resultFile("integration.json");
  await run("node", ["scripts/integration.mjs", file]);
  return read(file, ({ results: tests, loadError }) => ({
    passed: tests.filter((test) => test.state === "passed").length,
    failed: [...tests.filter((test) => test.state === "failed").map((test) => test.title), ...(loadError ? [loadError] : [])],
    skipped: tests.filter((test) => test.state === "skipped").map((test) => test.title),
  }));
}

async function e2e() {
  const file = resultFile("e2e.json");
  await run("npx", ["playwright", "test", "--config", "test/e2e/playwright.config.mts"], {
    env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_NAME: file },
  });
  return read(file, ({ stats, suites, errors }) => {
    const tests = suites.flatMap(specsOf);
    const named = (...states) => tests.filter((test) => states.includes(test.status)).map((test) => test.title);
    for (const title of named("flaky")) {
      console.log(`passed only at the second try: ${title}`);
    }
    const failed = [...named("unexpected"), ...errors.map((error) => error.message)];
    return { passed: stats.expected + stats.flaky, failed, skipped: named("skipped") };
  });
}

function specsOf(suite) {
  const own = (suite.specs ?? []).map((spec) => ({ title: `${suite.title} › ${spec.title}`, status: spec.tests[0]?.status }));
  return [...own, ...(suite.suites ?? []).flatMap(specsOf)];
}

async function bench() {
  const short = await run("node", ["scripts/bench.mjs", "--scale", "0.01"]);
  const long = await run("node", ["scripts/bench.mjs", "--long", "--scale", "0.01"]);
  return one("bench at a hundredth of its size", short === 0 ? long : short);
}

async function start() {
  if (!isRoot && spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status !== 0) {
    return skip("npm start -- --check", "it needs root for the helper; run `sudo npm test`");
  }
  return one("npm start -- --check", await run("bash", ["scripts/start.sh", "--check"]));
}

/** @returns {Outcome} */
function one(name, status) {
  return status === 0 ? { passed: 1, failed: [], skipped: [] } : { passed: 0, failed: [name], skipped: [] };
}

/** @returns {Outcome} */
function skip(name, reason) {
  console.log(`skipped ${name}: ${reason}`);
  return { passed: 0, failed: [], skipped: [name] };
}

function resultFile(name) {
  const file = path.join(results, name);
  rmSync(file, { force: true });
  return file;
}

/** @returns {Outcome} */
function read(file, summarize) {
  if (!existsSync(file)) {
    return { passed: 0, failed: [`${path.basename(file, ".json")}: the run ended without results`], skipped: [] };
  }
  return summarize(JSON.parse(readFileSync(file, "utf8")));
}

const { values, positionals } = parseArgs({ options: { "prepare-machine": { type: "boolean" } }, allowPositionals: true });
const unknown = positionals.filter((name) => !(name in stages));
if (unknown.length > 0) {
  console.error(`npm test: there is no stage named ${unknown.join(", ")}; the stages are ${Object.keys(stages).join(", ")}.`);
  process.exit(2);
}
if (values["prepare-machine"] && !isRoot) {
  process.exit(await run("sudo", ["-E", process.execPath, ...process.argv.slice(1).filter((each) => each !== "--prepare-machine")]));
}
mkdirSync(results, { recursive: true });
installPackages();
sayMissingToolchains();
/** @type {Outcome} */
const total = { passed: 0, failed: [], skipped: [] };
for (const [name, stage] of Object.entries(stages)) {
  if (positionals.length > 0 && !positionals.includes(name)) {
    continue;
  }
  const began = Date.now();
  console.log(`\n── ${name} ${"─".repeat(Math.max(0, 90 - name.length))}`);
  const outcome = await stage();
  console.log(
    `── ${name}: ${outcome.passed} passed, ${outcome.failed.length} failed, ${outcome.skipped.length} skipped in ${Math.round((Date.now() - began) / 1000)} s`,
  );
  total.passed += outcome.passed;
  total.failed.push(...outcome.failed);
  total.skipped.push(...outcome.skipped);
}
if (total.failed.length > 0) {
  console.log(`\nFailed:\n${total.failed.map((name) => `  ${name}`).join("\n")}`);
}
if (total.skipped.length > 0) {
  console.log(`\nSkipped (reasons above):\n${total.skipped.map((name) => `  ${name}`).join("\n")}`);
}
console.log(`\n${total.passed} passed, ${total.failed.length} failed, ${total.skipped.length} skipped`);
process.exit(total.failed.length > 0 || total.passed === 0 ? 1 : 0);
