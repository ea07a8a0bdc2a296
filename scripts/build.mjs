// Bundles every TypeScript program into dist/, copies the grammars, and builds the helper.
//   node scripts/build.mjs [--only NAME[,NAME…]] [--watch]
// NAME is one of: programs (extension, language server, command), webview, askpass, grammars, harness, pytest, helper, notices.
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import * as esbuild from "esbuild";
import { GRAMMARS } from "./grammars.mjs";
import { writeNotices } from "./notices.mjs";
import { root } from "./paths.mjs";
import { common, node, programs } from "./programs.mjs";
import { webview } from "./webview-bundle.mjs";

const dist = path.join(root, "dist");

/** @type {Record<string, import("esbuild").BuildOptions>} */
const bundles = {
  programs,
  webview,
  // In one piece: sudo runs it.
  askpass: {
    ...common,
    ...node,
    format: "cjs",
    sourcemap: "linked",
    entryPoints: ["recorder/askpass-main.ts"],
    outfile: "dist/askpass.js",
  },
};

const steps = {
  ...Object.fromEntries(Object.keys(bundles).map((name) => [name, () => bundle(name)])),
  grammars: copyGrammars,
  harness: copyHarness,
  pytest: copyPlugin,
  helper: buildHelper,
  // After the helper: its build makes the folder that its licences are read from.
  notices: () => writeNotices(path.join(dist, "THIRD-PARTY-NOTICES.txt")),
};

async function bundle(name) {
  await esbuild.build({ ...bundles[name], absWorkingDir: root });
}

/** The tree-sitter runtime and the grammars of the languages that have outlines. */
function copyGrammars() {
  const from = path.join(root, "node_modules/@vscode/tree-sitter-wasm/wasm");
  mkdirSync(path.join(dist, "grammars"), { recursive: true });
  for (const file of GRAMMARS) {
    copyFileSync(path.join(from, file), path.join(dist, "grammars", file));
  }
}

/** What runs in a project's own interpreter ships as it is written, JavaScript without its blanks. */
function copyHarness() {
  const to = path.join(dist, "python-harness");
  rmSync(to, { recursive: true, force: true });
  cpSync(path.join(root, "prover/python-harness"), to, { recursive: true, filter: (file) => path.basename(file) !== "__pycache__" });
  const from = path.join(root, "prover/node-harness");
  const node = path.join(dist, "node-harness");
  rmSync(node, { recursive: true, force: true });
  mkdirSync(node);
  for (const name of readdirSync(from)) {
    const { code } = esbuild.transformSync(readFileSync(path.join(from, name), "utf8"), { minify: true, target: "node18" });
    writeFileSync(path.join(node, name), code);
  }
}

/** What repeats a fast test, as a plugin of pytest. */
function copyPlugin() {
  mkdirSync(path.join(dist, "pytest"), { recursive: true });
  copyFileSync(path.join(root, "extension/one-test/pytest/flameline_repeat.py"), path.join(dist, "pytest/flameline_repeat.py"));
}

function buildHelper() {
  if (process.platform !== "linux") {
    console.log("skipped the helper: it is built on Linux only");
    return;
  }
  const result = spawnSync("bash", [path.join(root, "bpf-helper/build.sh")], { stdio: "inherit" });
  if (result.status !== 0) {
    throw new Error("the helper was not built; see the messages above");
  }
}

const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1]?.split(",") : undefined;
const unknown = only?.filter((name) => !(name in steps)) ?? [];
if (unknown.length > 0) {
  console.error(`build: there is no part named ${unknown.join(", ")}; the parts are ${Object.keys(steps).join(", ")}.`);
  process.exit(2);
}
mkdirSync(dist, { recursive: true });

if (process.argv.includes("--watch")) {
  for (const name of Object.keys(bundles)) {
    const context = await esbuild.context({ ...bundles[name], absWorkingDir: root, logLevel: "info" });
    await context.watch();
  }
} else {
  for (const [name, step] of /** @type {[string, () => unknown][]} */ (Object.entries(steps))) {
    if (!only || only.includes(name)) {
      await step();
    }
  }
}
