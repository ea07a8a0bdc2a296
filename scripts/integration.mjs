// Runs test/integration inside the extension host of the real VS Code and writes what it found as JSON.
//   node scripts/integration.mjs [RESULTS_FILE]
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import * as path from "node:path";
import { chromium as browsers } from "@playwright/test";
import { bundleIntegrationTests, integrationTests as out } from "./integration-bundle.mjs";
import { root } from "./paths.mjs";
import { chromium, startVSCode, workbenchUrl } from "./vscode-server.mjs";

const resultsFile = process.argv[2] ?? path.join(root, ".test/integration.json");
const LIMIT_MS = 180_000;

await bundleIntegrationTests();
mkdirSync(path.dirname(resultsFile), { recursive: true });
chmodSync(path.dirname(resultsFile), 0o755);
rmSync(resultsFile, { force: true });

const server = await startVSCode({
  driver: true,
  fixture: path.join(root, "test/fixtures/workspace"),
  env: { FLAMELINE_TEST_RESULTS: resultsFile, NODE_PATH: path.join(root, "node_modules") },
});
const browser = await browsers.launch(chromium);
let status;
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const exited = new Promise((resolve) => void page.exposeFunction("codeAutomationExit", resolve));
  await page.exposeFunction("codeAutomationLog", (type, args) => {
    if (process.env.FLAMELINE_VERBOSE) {
      console.log(`[${type}]`, ...args);
    }
  });
  const remote = (file) => `vscode-remote://${new URL(server.url).host}${file}`;
  await page.goto(
    workbenchUrl(server, [
      ["extensionDevelopmentPath", remote(root)],
      ["extensionTestsPath", remote(path.join(out, "index.js"))],
      ["skipWelcome", "true"],
    ]),
  );
  status = await Promise.race([exited, new Promise((resolve) => setTimeout(resolve, LIMIT_MS, "timeout"))]);
  if (status !== 0) {
    await page.screenshot({ path: path.join(root, ".test/integration-failure.png") });
  }
} finally {
  await browser.close();
  server.stop();
}

if (!existsSync(resultsFile)) {
  console.error(`The tests inside VS Code wrote no results (VS Code said: ${status}); see .test/integration-failure.png.`);
  process.exit(1);
}
const { results, failures, loadError } = JSON.parse(readFileSync(resultsFile, "utf8"));
for (const { state, title, ms, error } of results) {
  console.log(`${state.padEnd(7)} ${title}${ms === undefined ? "" : ` (${ms} ms)`}${error ? `\n${error}` : ""}`);
}
if (loadError) {
  console.error(loadError);
}
process.exit(failures > 0 || results.length === 0 ? 1 : 0);
