// Runs a module inside the extension host of the real VS Code, as `--extensionTestsPath` does on a desktop.
import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { chromium as browsers } from "@playwright/test";
import { root } from "./paths.mjs";
import { chromium, startVSCode, workbenchUrl } from "./vscode-server.mjs";

/**
 * @param {{ module: string, fixture: string, env: Record<string, string>, limitMs?: number, failurePicture?: string }} options
 *   `module` exports `run()`; it hands out what it found through files that `env` names
 * @returns {Promise<unknown>} 0 when run() resolved, "timeout" when it did not end
 */
export async function runInExtensionHost({ module, fixture, env, limitMs = 300_000, failurePicture }) {
  const server = await startVSCode({ driver: true, fixture, env: { ...env, NODE_PATH: path.join(root, "node_modules") } });
  const browser = await browsers.launch(chromium);
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
      workbenchUrl({ ...server, workspace: workspaceFile(server) }, [
        ["extensionDevelopmentPath", remote(root)],
        ["extensionTestsPath", remote(module)],
        ["skipWelcome", "true"],
      ]),
    );
    const status = await Promise.race([exited, new Promise((resolve) => setTimeout(resolve, limitMs, "timeout"))]);
    if (status !== 0 && failurePicture !== undefined) {
      await page.screenshot({ path: failurePicture });
    }
    return status;
  } finally {
    await browser.close();
    server.stop();
  }
}

/** A file, so that a test can add a folder: where a folder alone is open that restarts the extension host, and with it the tests. */
function workspaceFile({ folder, workspace }) {
  const file = path.join(folder, "tests.code-workspace");
  writeFileSync(file, JSON.stringify({ folders: [{ path: workspace }] }));
  return file;
}
