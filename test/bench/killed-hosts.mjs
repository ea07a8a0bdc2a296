// Kills the extension host of a real VS Code while it records, again and again: the helper's recording and the language server have to end with it.
import { chromium as browsers } from "@playwright/test";
import { copyExample } from "../../scripts/examples.mjs";
import { startHelper } from "../../scripts/helper.mjs";
import { freshPackage } from "../../scripts/package.mjs";
import { chromium, startVSCode } from "../../scripts/vscode-server.mjs";
import { openWorkbench, runCommand } from "../../scripts/workbench.mjs";
import { isAlive } from "../support/attached.mjs";
import { attachedBy, holdingsOf, leftOf, mounts } from "../support/kernel-holdings.mjs";
import { childrenOf, findBelow } from "../support/memory.mjs";
import { runProgram, sleep } from "../support/programs.mjs";

const SECONDS_TO_END = 10;

/** @param {number} count @returns {Promise<string[]>} what was left behind */
export async function killedHosts(count) {
  const mountsBefore = mounts();
  const helper = await startHelper(0);
  const server = await startVSCode({ vsix: freshPackage(`linux-${process.arch}`) });
  const example = copyExample("python", server.workspace);
  const program = runProgram(example.run, { cwd: server.workspace });
  const browser = await browsers.launch(chromium);
  const left = [];
  let holdings;
  try {
    for (let round = 0; round < count; round++) {
      const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
      await openWorkbench(page, server);
      await runCommand(page, "Profile This Workspace");
      if (!(await comes(60, () => attachedBy(helper.pid).length > 0))) {
        throw new Error("nothing is attached while a window records: this looks at the wrong things");
      }
      await sleep(50 * (round % 10));
      const host = findBelow(server.pid, /--type=extensionHost/);
      const below = allBelow(host);
      process.kill(host, "SIGKILL");
      if (!(await comes(SECONDS_TO_END, () => attachedBy(helper.pid).length === 0))) {
        left.push("the recording goes on");
      }
      await comes(SECONDS_TO_END, () => !below.some(isAlive));
      left.push(...below.filter(isAlive).map((pid) => `the window's process ${pid} is running`));
      if (!isAlive(helper.pid)) {
        throw new Error("the helper ended with a window");
      }
      await page.close();
    }
    holdings = holdingsOf(helper.pid, helper.socket);
  } finally {
    await browser.close();
    program.stop();
    server.stop();
    await helper.stop();
  }
  await sleep(1000);
  await comes(SECONDS_TO_END, () => leftOf(holdings).length === 0);
  return [...left, ...leftOf(holdings), ...(mounts() === mountsBefore ? [] : ["a mount is left"])];
}

function allBelow(pid) {
  const below = childrenOf(pid);
  return [...below, ...below.flatMap(allBelow)];
}

/** Whether something holds within some seconds. */
async function comes(seconds, holds) {
  for (const end = Date.now() + seconds * 1000; !holds(); await sleep(100)) {
    if (Date.now() > end) {
      return false;
    }
  }
  return true;
}
