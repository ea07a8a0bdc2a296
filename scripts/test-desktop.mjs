// The integration tests in a desktop VS Code, which this downloads: for machines that may.   npm run test:desktop
import { mkdirSync } from "node:fs";
import * as path from "node:path";
import { runTests } from "@vscode/test-electron";
import { bundleIntegrationTests, integrationTests } from "./integration-bundle.mjs";
import { root } from "./paths.mjs";

await bundleIntegrationTests();
const results = path.join(root, ".test/desktop.json");
mkdirSync(path.dirname(results), { recursive: true });
try {
  await runTests({
    extensionDevelopmentPath: root,
    extensionTestsPath: path.join(integrationTests, "index.js"),
    launchArgs: [path.join(root, "test/fixtures/workspace"), "--disable-extensions", "--skip-welcome"],
    extensionTestsEnv: { FLAMELINE_TEST_RESULTS: results, NODE_PATH: path.join(root, "node_modules") },
  });
} catch (error) {
  console.error(
    `The tests did not pass: ${error instanceof Error ? error.message : String(error)}. Without a download of VS Code, run \`npm test -- integration\`.`,
  );
  process.exit(1);
}
