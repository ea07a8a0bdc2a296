// Opens the real VS Code in a browser with the extension and an example that is being profiled.
//   npm start [-- --example NAME] [--port N] [--desktop] [--check] [--as-root]
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { checkInBrowser } from "./check-in-browser.mjs";
import { copyExample, exampleNames, lastAccount, whyNotRunnable } from "./examples.mjs";
import { startHelper } from "./helper.mjs";
import { TEST_USER, createUser, installPackages, removeUser } from "./machine.mjs";
import { freshPackage } from "./package.mjs";
import { root } from "./paths.mjs";
import { has, isRoot, run } from "./shell.mjs";
import { startVSCode, workbenchUrl } from "./vscode-server.mjs";

/** Opens the source and starts the profiler as soon as the folder opens, by the command that a user would run. */
const TASKS = {
  version: "2.0.0",
  tasks: [
    {
      label: "Profile This Workspace",
      type: "process",
      command: "true",
      // biome-ignore lint: it is VS Code that fills this in
      args: ["${command:flameline.profileWorkspace}"],
      runOptions: { runOn: "folderOpen" },
      presentation: { reveal: "never", close: true },
    },
  ],
};

const SETTINGS = { "task.allowAutomaticTasks": "on" };

const options = parseArgs({
  options: {
    example: { type: "string", default: "python" },
    port: { type: "string" },
    desktop: { type: "boolean" },
    check: { type: "boolean" },
    "as-root": { type: "boolean" },
  },
}).values;

if (!exampleNames().includes(options.example)) {
  fail(`there is no example named ${options.example}; the examples are ${exampleNames().join(", ")}.`);
}
const reason = whyNotRunnable(options.example);
if (reason !== undefined) {
  fail(`the example ${options.example} can't run here: ${reason}. Choose another: ${exampleNames().join(", ")}.`);
}
if (options.port !== undefined && !(Number(options.port) > 0 && Number(options.port) < 65536)) {
  fail(`--port takes a number from 1 to 65535, not ${options.port}.`);
}

if (options.check) {
  installPackages();
}
if ((await run("node", ["scripts/build.mjs"])) !== 0) {
  fail("the build failed; its messages are above.");
}
const vsix = freshPackage(`linux-${process.arch}`);

if (options.desktop) {
  await openDesktop();
} else {
  await openInBrowser();
}

async function openDesktop() {
  if (!has("code")) {
    fail("the command `code` is not in PATH; in VS Code run “Shell Command: Install 'code' command in PATH”, or leave --desktop out.");
  }
  if ((await run("code", ["--install-extension", vsix, "--force"])) !== 0) {
    fail("`code --install-extension` failed; its message is above.");
  }
  const workspace = path.join(root, ".build/desktop", options.example);
  copyExample(options.example, workspace);
  process.exit(await run("code", ["--new-window", workspace]));
}

async function openInBrowser() {
  const account = chooseAccount();
  const cleanUps = [];
  let ending = false;
  const end = async (status) => {
    if (ending) {
      return;
    }
    ending = true;
    for (const cleanUp of cleanUps.reverse()) {
      await cleanUp();
    }
    process.exit(status);
  };
  process.on("SIGINT", () => void end(0));
  process.on("SIGTERM", () => void end(0));
  try {
    if (account?.temporary) {
      cleanUps.push(() => removeUser(account.name));
    }
    const server = await startVSCode({
      vsix,
      settings: SETTINGS,
      ...(account ? { account } : {}),
      ...(options.port ? { port: Number(options.port) } : {}),
    });
    cleanUps.push(() => server.stop());
    const example = copyExample(options.example, server.workspace, account);
    mkdirSync(path.join(server.workspace, ".vscode"), { recursive: true });
    writeFileSync(path.join(server.workspace, ".vscode/tasks.json"), JSON.stringify(TASKS, null, 2));
    if (account) {
      spawnSync("chown", ["-R", `${account.uid}:${account.gid}`, server.workspace]);
    }
    if (isRoot) {
      const helper = await startHelper(account?.uid ?? 0);
      cleanUps.push(() => helper.stop());
    }
    const program = runExample(example, server.workspace, account);
    cleanUps.push(() => program.stop());

    if (options.check) {
      await checkInBrowser({ server, example, account: () => lastAccount(program.output()), pictures: path.join(root, ".test/pictures") });
      console.log("npm start -- --check: all that a user would see is there.");
      await end(0);
      return;
    }
    console.log(
      `\nThe example "${example.title}" is running${account ? ` as ${account.name}` : ""}; the profiler starts when the window opens.`,
    );
    console.log(`Open ${workbenchUrl(server)}\nCtrl-C ends everything.`);
    program.onExit((status) => console.log(`The example ended with status ${status}.`));
  } catch (error) {
    console.error(`npm start: ${error instanceof Error ? error.message : String(error)}`);
    await end(1);
  }
}

/** As root, everything that a user touches runs as an ordinary user wherever there is one. */
function chooseAccount() {
  if (!isRoot) {
    return undefined;
  }
  const sudoUid = process.env.SUDO_UID;
  if (sudoUid !== undefined && sudoUid !== "0") {
    const { stdout } = spawnSync("getent", ["passwd", sudoUid], { encoding: "utf8" });
    const [name, , uid, gid, , home] = stdout.trim().split(":");
    return { name, uid: Number(uid), gid: Number(gid), home, temporary: false };
  }
  if (options.check) {
    return { ...createUser(TEST_USER, { sudo: true }), temporary: true };
  }
  if (options["as-root"]) {
    console.log("Everything runs as root, as --as-root asks: use this in a throw-away container only.");
    return undefined;
  }
  fail("as root without sudo there is no ordinary user to run VS Code as; run it through sudo, or with `-- --as-root` in a container.");
}

function runExample(example, cwd, account) {
  const [command, ...args] = example.run;
  const identity = account ? { uid: account.uid, gid: account.gid } : {};
  const home = account?.home ?? userInfo().homedir;
  const child = spawn(command, args, {
    cwd,
    ...identity,
    detached: true,
    env: { PATH: `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${process.env.PATH}`, HOME: home, LANG: "C.UTF-8" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output = `${output}${chunk}`.slice(-100_000);
  });
  child.once("error", (error) => console.error(`The example did not start: ${error.message}`));
  return {
    output: () => output,
    onExit: (listener) => child.once("exit", listener),
    stop: () => {
      try {
        process.kill(-Number(child.pid), "SIGKILL");
      } catch {
        // It ended by itself.
      }
    },
  };
}

/** @returns {never} */
function fail(sentence) {
  console.error(`npm start: ${sentence}`);
  process.exit(2);
}
