import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { changeService } from "../../../recorder/change-service.js";
import { failureText, FlamelineError } from "../../../recorder/failures.js";
import { FakeHelper } from "./fake-helper.js";

// What pkexec says is what the real one (polkit 122) says; what it does with a real agent and polkitd is not tried here.

let helper: FakeHelper;
beforeEach(() => {
  helper = new FakeHelper({ uid: 1000 });
  mkdirSync(helper.path("bin"));
  copyFileSync(process.execPath, helper.path("flameline-helper"));
  sudo('echo "alice is not in the sudoers file." >&2; exit 1');
});
afterEach(() => helper.close());

function program(name: string, script: string): void {
  writeFileSync(helper.path("bin", name), `#!/bin/sh\n${script}\n`);
  chmodSync(helper.path("bin", name), 0o755);
}
const sudo = (script: string): void => program("sudo", script);
const pkexec = (script: string): void => program("pkexec", `echo "$*" > ${helper.path("asked")}\n${script}`);
const asked = (): string | undefined => (existsSync(helper.path("asked")) ? readFileSync(helper.path("asked"), "utf8").trim() : undefined);

async function uninstall(watched = true, servicePrograms: readonly string[] = []): Promise<string> {
  const machine = { ...helper.machine, servicePrograms, env: { PATH: `${helper.path("bin")}:/usr/bin:/bin` } };
  try {
    const askPassword = (): Promise<undefined> => Promise.resolve(undefined);
    const elevation = watched ? { askPassword } : {};
    return await changeService({ kind: "uninstall" }, { elevation, helperPath: helper.path("flameline-helper"), machine });
  } catch (error) {
    if (!(error instanceof FlamelineError)) throw error;
    return failureText(error.failure);
  }
}

test("where sudo does not lead to root and a desktop's agent is there, it asks", async () => {
  pkexec('echo "Removed."');
  expect(await uninstall()).toBe("Removed.");
  expect(asked()).toBe(`--disable-internal-agent ${helper.path("flameline-helper")} uninstall`);
});

test("without anybody to ask, no dialog is opened", async () => {
  pkexec('echo "Removed."');
  expect(await uninstall(false)).toMatch(/^Removing the service needs root, and your user may not use sudo\./);
  expect(asked()).toBeUndefined();
});

const FORBIDDEN = /^Removing the service needs root, and your user may not use sudo\./;
const answers: readonly (readonly [string, number, RegExp])[] = [
  ["Error executing command as another user: No authentication agent found.", 127, FORBIDDEN],
  ["Error executing command as another user: Not authorized\n\nThis incident has been reported.", 127, FORBIDDEN],
  ["Error getting authority: Error initializing authority: Could not connect: No such file or directory", 127, FORBIDDEN],
  ["Error executing command as another user: Request dismissed", 126, /^Removing the service needs root, and the password was not given\./],
  ["flameline-helper: process 9 does not end", 3, /^The service could not be removed: process 9 does not end\./],
];
test.each(answers)("pkexec's '%s' is understood", async (said, status, expected) => {
  pkexec(`cat >&2 <<'END'\n${said}\nEND\nexit ${status}`);
  expect(await uninstall()).toMatch(expected);
  expect(asked()).toBeDefined();
});

test("without pkexec, what sudo said holds", async () => {
  expect(await uninstall()).toMatch(FORBIDDEN);
});

test("where sudo leads to root, nobody else is asked", async () => {
  sudo('echo "Removed by sudo."');
  pkexec('echo "Removed."');
  expect(await uninstall()).toBe("Removed by sudo.");
  expect(asked()).toBeUndefined();
});

test("the installed program is run where it is the same, as polkit knows it by its path", async () => {
  const installed = helper.path("installed");
  mkdirSync(installed);
  copyFileSync(process.execPath, `${installed}/flameline-helper`);
  chmodSync(`${installed}/flameline-helper`, 0o755);
  pkexec('echo "Removed."');
  await uninstall(true, [`${installed}/flameline-helper`]);
  expect(asked()).toBe(`--disable-internal-agent ${installed}/flameline-helper uninstall`);
});
