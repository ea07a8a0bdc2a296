import { readdirSync, readFileSync, statSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { checkHeatAndFlameGraph } from "../../scripts/check-in-browser.mjs";
import { TEST_USER } from "../../scripts/machine.mjs";
import { freePort, startVSCode } from "../../scripts/vscode-server.mjs";
import { answer, quickInput, runCommand, statusBar } from "../../scripts/workbench.mjs";
import { type SshLogin, startSshLogin } from "./ssh-login.mjs";
import { helpersOf, RIGHTS, useStage } from "./stage.mjs";

let login: SshLogin | undefined;

const stage = useStage({
  user: TEST_USER,
  sudo: true,
  example: "python",
  start: async (account, vsix, settings) => {
    const ssh = await startSshLogin(account.name);
    login = ssh;
    const here = await freePort();
    const through = (commandLine: string[], there: number) => ({ commandLine: ssh.commandLine(commandLine, { here, there }), port: here });
    return startVSCode({ account, vsix, settings, through });
  },
});
test.afterAll(() => login?.stop());

test("VS Code runs at the far end of ssh, as the user", () => {
  const { server, user } = stage;
  const pids = readdirSync("/proc").filter(
    (name) => /^\d+$/.test(name) && textOf(`/proc/${name}/cmdline`).includes(`server-main.js\0--user-data-dir\0${server.folder}/`),
  );
  expect(pids.length).toBeGreaterThan(0);
  for (const pid of pids) {
    expect(statSync(`/proc/${pid}`).uid).toBe(user.uid);
    expect(textOf(`/proc/${pid}/environ`).split("\0")).toContainEqual(expect.stringMatching(/^SSH_CONNECTION=127\.0\.0\.1 /));
  }
  expect(new URL(server.url).port, "the page comes through the forwarded port").not.toBe(String(server.port));
});

test("the password is asked in VS Code and starts the helper there, and heat, lens and flame graph are true", async () => {
  test.setTimeout(360_000);
  const { page, server, example, account, user } = stage;
  stage.run();
  await runCommand(page, "Profile This Workspace");
  await expect(quickInput(page, RIGHTS)).toContainText(`Password of ${user.name}`, { timeout: 60_000 });
  await answer(page, RIGHTS, user.password);
  await expect(statusBar(page)).toContainText(/\d\/s/, { timeout: 90_000 });
  expect(helpersOf(user.uid)).toHaveLength(1);
  await checkHeatAndFlameGraph({ page, server, example, account, picture: (name: string) => stage.picture(`ssh-${name}`) });
});

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // The process ended meanwhile.
    return "";
  }
}
