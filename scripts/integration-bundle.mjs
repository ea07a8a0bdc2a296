// Bundles the tests that run inside the extension host.
import { readdirSync } from "node:fs";
import * as path from "node:path";
import * as esbuild from "esbuild";
import { root } from "./paths.mjs";

const source = path.join(root, "test/integration");

/** Where the bundles go; `index.js` there is the module that VS Code runs. */
export const integrationTests = path.join(root, ".build/integration");

export async function bundleIntegrationTests() {
  const tests = readdirSync(source).filter((name) => name.endsWith(".test.ts"));
  await esbuild.build({
    entryPoints: ["index.ts", ...tests].map((name) => path.join(source, name)),
    outdir: integrationTests,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    external: ["vscode", "mocha"],
    logLevel: "warning",
  });
}
