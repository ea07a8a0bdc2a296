// Bundles every TypeScript program into dist/, copies the grammars, and builds the helper.
//   node scripts/build.mjs [--only NAME[,NAME…]] [--watch]
// NAME is one of: extension, language-server, webview, cli, askpass, grammars, helper, notices.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import * as path from "node:path";
import * as esbuild from "esbuild";
import { GRAMMARS } from "./grammars.mjs";
import { writeNotices } from "./notices.mjs";
import { root } from "./paths.mjs";

const dist = path.join(root, "dist");

/** Options shared by all bundles: no source text in the maps, so that the package stays small. */
const common = { bundle: true, minify: true, sourcemap: "linked", sourcesContent: false, logLevel: "warning", legalComments: "none" };
const node = { ...common, platform: "node", format: "cjs", target: "node20" };

const bundles = {
  extension: { ...node, entryPoints: ["extension/main.ts"], outfile: "dist/extension.js", external: ["vscode"] },
  "language-server": { ...node, entryPoints: ["language-server/main.ts"], outfile: "dist/language-server.js" },
  webview: {
    ...common,
    platform: "browser",
    format: "iife",
    target: "es2022",
    entryPoints: ["webview/main.ts"],
    outfile: "dist/webview.js",
  },
  cli: { ...node, entryPoints: ["cli/main.ts"], outfile: "dist/flameline.js", banner: { js: "#!/usr/bin/env node" } },
  askpass: { ...node, entryPoints: ["recorder/askpass-main.ts"], outfile: "dist/askpass.js" },
};

const steps = {
  ...Object.fromEntries(Object.keys(bundles).map((name) => [name, () => bundle(name)])),
  grammars: copyGrammars,
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
