// Runs test/integration inside the extension host of the real VS Code and writes what it found as JSON.
//   node scripts/integration.mjs [RESULTS_FILE]
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import * as path from "node:path";
import { runInExtensionHost } from "./extension-host.mjs";
import { bundleIntegrationTests, integrationTests } from "./integration-bundle.mjs";
import { root } from "./paths.mjs";

const resultsFile = process.argv[2] ?? path.join(root, ".test/integration.json");

await bundleIntegrationTests();
mkdirSync(path.dirname(resultsFile), { recursive: true });
chmodSync(path.dirname(resultsFile), 0o755);
rmSync(resultsFile, { force: true });

const status = await runInExtensionHost({
  module: path.join(integrationTests, "index.js"),
  fixture: path.join(root, "test/fixtures/workspace"),
  env: { FLAMELINE_TEST_RESULTS: resultsFile },
  failurePicture: path.join(root, ".test/integration-failure.png"),
});
if (!existsSync(resultsFile)) {
  console.error(`The tests inside VS Code wrote no results (VS Code said: ${String(status)}); see .test/integration-failure.png.`);
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
