// Starts the real VS Code server with a fresh profile on a free loopback port, and stops it again.
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import * as path from "node:path";
import { ensureVSCodeHost } from "./vscode-host.mjs";

/** Settings that make the workbench quiet, so that a test finds what it looks for. */
export const quietSettings = {
  "security.workspace.trust.enabled": false,
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
  "workbench.enableExperiments": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.editor.enablePreview": false,
  "workbench.reduceMotion": "on",
  "chat.disableAIFeatures": true,
  "telemetry.telemetryLevel": "off",
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "update.mode": "none",
  "git.enabled": false,
  "git.openRepositoryInParentFolders": "never",
  "npm.autoDetect": "off",
  "typescript.disableAutomaticTypeAcquisition": true,
  "editor.cursorBlinking": "solid",
  "editor.minimap.enabled": false,
  "editor.lightbulb.enabled": "on",
  "window.menuBarVisibility": "classic",
};

/** Flags for Debian's Chromium: no sandbox (root in containers), no look-ups of outside hosts. */
export const chromium = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
  ],
};

/**
 * @typedef {object} Account the user that the server runs as
 * @property {string} name
 * @property {number} uid
 * @property {number} gid
 * @property {string} home
 *
 * @typedef {object} ServerOptions
 * @property {string} [workspace] folder to open as it is; otherwise `fixture` is copied into a fresh one
 * @property {string} [fixture] folder whose copy becomes the workspace
 * @property {string} [vsix] package to install
 * @property {boolean} [driver] needed for tests inside the extension host; hides notifications
 * @property {Account} [account] defaults to the current user
 * @property {boolean} [asksForTrust] VS Code asks its user whether folders are trusted, as it does by itself
 * @property {Record<string, string>} [env]
 * @property {Record<string, unknown>} [settings]
 * @property {number} [port]
 * @property {(commandLine: string[], port: number) => { commandLine: string[], port: number }} [through] wraps the server's command line,
 *   say into ssh's, and tells the port on this side; the port that it gets is the server's own
 */

/** @param {ServerOptions} [options] */
export async function startVSCode(options = {}) {
  const host = await ensureVSCodeHost();
  // Short, because sockets live under it.
  const folder = mkdtempSync("/tmp/flv-");
  chmodSync(folder, 0o755);
  const workspace = options.workspace ?? path.join(folder, "workspace");
  const userData = path.join(folder, "user");
  const extensions = path.join(folder, "extensions");
  for (const each of [path.join(userData, "User"), path.join(folder, "data/Machine"), extensions, path.join(folder, "home")]) {
    mkdirSync(each, { recursive: true });
  }
  if (options.workspace === undefined) {
    mkdirSync(workspace, { recursive: true });
    if (options.fixture !== undefined) {
      cpSync(options.fixture, workspace, { recursive: true });
    }
  }
  const settings = JSON.stringify({ ...quietSettings, ...options.settings }, null, 2);
  writeFileSync(path.join(userData, "User/settings.json"), settings);
  // Machine settings are what a remote window reads on this side.
  mkdirSync(path.join(userData, "Machine"), { recursive: true });
  writeFileSync(path.join(userData, "Machine/settings.json"), settings);
  const token = randomBytes(16).toString("hex");
  const tokenFile = path.join(folder, "token");
  writeFileSync(tokenFile, token, { mode: 0o600 });
  if (options.account) {
    chownTree(folder, options.account);
  }

  const common = ["--user-data-dir", userData, "--server-data-dir", path.join(folder, "data"), "--extensions-dir", extensions];
  const run = processOptions(options, folder);
  if (options.vsix !== undefined) {
    const installed = spawnSync(host.node, [host.serverMain, ...common, "--install-extension", options.vsix], {
      ...run,
      encoding: "utf8",
      timeout: 90_000,
    });
    if (installed.status !== 0 || !/successfully installed/.test(installed.stdout)) {
      throw new Error(`VS Code did not install ${options.vsix}: ${installed.stdout}${installed.stderr}`);
    }
  }
  const port = options.port ?? (await freePort());
  const logFile = path.join(folder, "server.log");
  const log = openSync(logFile, "a");
  const place = ["--host", "127.0.0.1", "--port", String(port), "--connection-token-file", tokenFile];
  const quiet = ["--accept-server-license-terms", "--telemetry-level", "off", "--locale", "en"];
  const trust = options.asksForTrust ? [] : ["--disable-workspace-trust"];
  const driver = options.driver ? ["--enable-smoke-test-driver"] : [];
  const commandLine = [host.node, host.serverMain, ...common, ...place, ...quiet, ...trust, ...driver];
  const far = options.through?.(commandLine, port);
  const [program = "", ...args] = far?.commandLine ?? commandLine;
  const child = spawn(program, args, { ...(far ? {} : run), detached: true, stdio: ["ignore", log, log] });
  child.once("error", () => {});
  const url = `http://127.0.0.1:${far?.port ?? port}/`;
  /** Ends the server, its extension hosts and terminals. */
  const stop = (keep = false) => {
    try {
      process.kill(-Number(child.pid), "SIGKILL");
    } catch {
      // It is gone already.
    }
    killInside(folder);
    if (!keep) {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    }
  };
  for (const end = Date.now() + 40_000; ; ) {
    try {
      if ((await fetch(`${url}?tkn=${token}&folder=${workspace}`, { redirect: "manual" })).status < 400) {
        break;
      }
    } catch {
      // It does not listen yet.
    }
    if (child.exitCode !== null || Date.now() > end) {
      stop(true);
      throw new Error(`VS Code did not start: ${readFileSync(logFile, "utf8").slice(-2000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { url, token, port, folder, workspace, userData, extensions, logFile, pid: child.pid, stop };
}

/**
 * The address of the workbench; a workspace may be a folder or a `.code-workspace` file. `payload` takes the pairs that desktop VS Code takes as command-line flags.
 * @param {{ url: string, token: string, workspace: string }} server
 * @param {[string, string][]} [payload]
 */
export function workbenchUrl(server, payload = []) {
  const kind = server.workspace.endsWith(".code-workspace") ? "workspace" : "folder";
  const query = new URLSearchParams({ tkn: server.token, [kind]: server.workspace });
  if (payload.length > 0) {
    query.set("payload", JSON.stringify(payload));
  }
  return `${server.url}?${query}`;
}

function processOptions(options, folder) {
  const env = { ...process.env, ...options.env };
  for (const name of ["PORT", "VSCODE_IPC_HOOK_CLI", "NODE_OPTIONS", "ELECTRON_RUN_AS_NODE"]) {
    delete env[name];
  }
  if (!options.account) {
    return { env };
  }
  const { name, uid, gid, home } = options.account;
  for (const key of Object.keys(env)) {
    if (/^(SUDO_|XDG_|npm_)/.test(key)) {
      delete env[key];
    }
  }
  return { env: { ...env, HOME: home, USER: name, LOGNAME: name }, uid, gid, cwd: folder };
}

/** @returns {Promise<number>} */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
      .once("error", reject)
      .listen(0, "127.0.0.1", () => {
        const { port } = server.address();
        server.close(() => resolve(port));
      });
  });
}

function chownTree(folder, { uid, gid }) {
  spawnSync("chown", ["-R", `${uid}:${gid}`, folder]);
  chownSync(folder, uid, gid);
}

/** Terminals and extension hosts lead process groups of their own: end whatever names our folder in its command line. */
function killInside(folder) {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const commandLine = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      if (Number(pid) !== process.pid && commandLine.includes(`${folder}/`)) {
        process.kill(Number(pid), "SIGKILL");
      }
    } catch {
      // It ended meanwhile.
    }
  }
}
