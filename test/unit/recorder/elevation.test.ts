import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AskPassword } from "../../../recorder/askpass.js";
import { connectHelper } from "../../../recorder/connect-helper.js";
import { describe as describeFailure, FlamelineError } from "../../../recorder/failures.js";
import type { Machine } from "../../../recorder/machine.js";
import { FakeHelper } from "./fake-helper.js";

let helper: FakeHelper;
beforeEach(() => {
  helper = new FakeHelper({ uid: 1000 });
  mkdirSync(helper.path("bin"));
});
afterEach(() => helper.close());

/** A sudo that runs this shell text; `$SUDO_ASKPASS` is set as for the real one. */
function sudo(script: string): void {
  writeFileSync(helper.path("bin", "sudo"), `#!/bin/sh\n${script}\n`);
  chmodSync(helper.path("bin", "sudo"), 0o755);
}

/** sudo that takes the password "right", as the real one behaves with `-n` and `-A`. */
const REAL_SUDO = `
[ "$1" = -n ] && { echo "sudo: a password is required" >&2; exit 1; }
for try in 1 2 3; do
  given=$("$SUDO_ASKPASS" "Password of alice:") || { echo "sudo: no password was provided" >&2; exit 1; }
  [ "$given" = right ] && exec sleep 2
  [ $try = 3 ] || echo "Sorry, try again." >&2
done
echo "sudo: 3 incorrect password attempts" >&2
exit 1`;

/** Connects as user 1000 and returns the failure's sentence and command, or "connected". */
async function outcome(askPassword?: AskPassword, change: Partial<Machine> = {}): Promise<string> {
  const askpassPath = helper.path("askpass.js");
  buildSync({ entryPoints: ["recorder/askpass-main.ts"], bundle: true, platform: "node", outfile: askpassPath });
  const path = `${helper.path("bin")}:/usr/bin:/bin`;
  const machine: Machine = { ...helper.machine, env: { PATH: path }, readText: () => undefined, ...change };
  const elevation = askPassword === undefined ? {} : { askPassword };
  try {
    const connection = await connectHelper({ elevation, helperPath: process.execPath, askpassPath, machine });
    connection.close();
    return "connected";
  } catch (error) {
    if (!(error instanceof FlamelineError)) throw error;
    return `${error.message} | ${describeFailure(error.failure).command ?? ""}`.replaceAll(process.execPath, "HELPER");
  }
}

const MANUAL = "sudo HELPER serve";
const BY_ADMINISTRATOR = "su -c 'HELPER serve --user 1000'";

describe("without a way to ask", () => {
  const answers: readonly (readonly [string, string])[] = [
    ["sudo: a password is required", `Recording needs root, and sudo asks for a password that nobody is here to type. | ${MANUAL}`],
    ["alice is not in the sudoers file.", `Recording needs root, and your user may not use sudo. | ${BY_ADMINISTRATOR}`],
    ["Sorry, user alice may not run sudo on vm.", `Recording needs root, and your user may not use sudo. | ${BY_ADMINISTRATOR}`],
    [
      "Sorry, user alice is not allowed to execute 'x' as root on vm.",
      `Recording needs root, and your user may not use sudo. | ${BY_ADMINISTRATOR}`,
    ],
    [
      "sudo: sorry, you must have a tty to run sudo",
      `Recording needs root, and sudo on this machine only works from a terminal. | ${MANUAL}`,
    ],
    [
      "sudo: /etc/sudo.conf is owned by uid 1000, should be 0",
      `sudo could not start the helper: /etc/sudo.conf is owned by uid 1000, should be 0. | ${MANUAL}`,
    ],
    [
      'sudo: The "no new privileges" flag is set, which prevents sudo from running as root.\nsudo: If sudo is running in a container, you may need to adjust the container configuration to disable the flag.',
      `sudo could not start the helper: If sudo is running in a container, you may need to adjust the container configuration to disable the flag. | ${MANUAL}`,
    ],
  ];
  test.each(answers)("sudo's '%s' is told", async (said, expected) => {
    sudo(`cat >&2 <<'END'\n${said}\nEND\nexit 1`);
    expect(await outcome()).toBe(expected);
  });

  test("a missing sudo is told, with root's own command", async () => {
    expect(await outcome(undefined, { env: { PATH: helper.path("bin") } })).toBe(
      `Recording needs root, and sudo is not installed here. | ${BY_ADMINISTRATOR}`,
    );
  });
});

describe("with someone to ask", () => {
  test("the right password starts the helper, and nothing of the asking stays on disk", async () => {
    sudo(REAL_SUDO);
    const before = readdirSync(tmpdir());
    const found = await outcome(async (prompt) => {
      expect(prompt).toBe("Flameline records through the kernel, which needs root. Password of alice (goes to sudo only, is not kept)");
      await helper.listen();
      return "right";
    });
    expect(found).toBe("connected");
    const left = readdirSync(tmpdir()).filter((name) => name.startsWith(`.flameline-${process.pid}-`) && !before.includes(name));
    expect(left).toEqual([]);
  });

  test("a wrong one is said and asked again, three times in all", async () => {
    sudo(REAL_SUDO);
    const prompts: string[] = [];
    const found = await outcome((prompt) => Promise.resolve(String(prompts.push(prompt))));
    expect(found).toBe(`sudo did not accept the password (3 tries). | ${MANUAL}`);
    expect(prompts.map((prompt) => prompt.slice(0, 40))).toEqual([
      "Flameline records through the kernel, wh",
      "That password was wrong (try 2 of 3). Fl",
      "That password was wrong (try 3 of 3). Fl",
    ]);
  });

  test("a second question of another kind is no wrong password", async () => {
    sudo(`[ "$1" = -n ] && { echo "sudo: a password is required" >&2; exit 1; }
      "$SUDO_ASKPASS" "Password of alice:" && "$SUDO_ASKPASS" "One-time code:" && { echo "alice is not in the sudoers file." >&2; exit 1; }`);
    const prompts: string[] = [];
    expect(await outcome((prompt) => Promise.resolve(String(prompts.push(prompt))))).toMatch(/your user may not use sudo/);
    expect(prompts[1]).toContain("needs root. One-time code");
  });

  test("a cancelled question ends it at once", async () => {
    sudo(REAL_SUDO);
    let asked = 0;
    expect(await outcome(() => Promise.resolve(void asked++))).toBe(`Recording needs root, and the password was not given. | ${MANUAL}`);
    expect(asked).toBe(1);
  });

  test("the password is in no argument, no environment and no file that sudo or askpass can show", async () => {
    sudo(`[ "$1" = -n ] && { echo "sudo: a password is required" >&2; exit 1; }
      "$SUDO_ASKPASS" "Password of alice:" > /dev/null & sleep 0.3
      for process in /proc/[0-9]*; do tr '\\0' ' ' < $process/cmdline; tr '\\0' ' ' < $process/environ; done 2> /dev/null > ${helper.path("seen")}
      cat "$(dirname "$SUDO_ASKPASS")"/askpass >> ${helper.path("seen")}; wait; echo "sudo: 3 incorrect password attempts" >&2; exit 1`);
    // Split, so that this file's text in a process's memory or arguments cannot match.
    const secret = ["xyz", "zy", "777"].join("-");
    await outcome(() => new Promise((resolve) => setTimeout(() => resolve(secret), 100)));
    const seen = readFileSync(helper.path("seen"), "utf8");
    expect(seen).toContain("askpass.js");
    expect(seen).not.toContain(secret);
  });
});

describe("before any attempt", () => {
  test("macOS and Windows are told where recording works", async () => {
    expect(await outcome(undefined, { platform: "darwin" })).toBe(
      "Recording needs a Linux kernel, and this is macOS; profiles can be opened here all the same. | ",
    );
  });

  test("a helper for another processor is told", async () => {
    expect(await outcome(undefined, { arch: "riscv64" })).toBe(
      `The recording helper is built for ${process.arch}, and this machine is riscv64. | npm run build:helper`,
    );
  });

  test("a missing helper is told", async () => {
    const connecting = connectHelper({ elevation: {}, helperPath: helper.path("none"), machine: helper.machine });
    await expect(connecting).rejects.toThrow(`The recording helper is missing: ${join(helper.path(), "none")} does not exist.`);
  });

  test("a container without rights is told with its host's command", async () => {
    // The bounding set of `docker run` without options.
    const files: Readonly<Record<string, string>> = { "/proc/self/status": "CapBnd:\t00000000a80425fb\n", "/.dockerenv": "" };
    expect(await outcome(undefined, { readText: (path) => files[path] })).toBe(
      "This is a container without the rights to record, and only its host can grant them. | docker run --privileged --pid=host IMAGE",
    );
  });

  test("two windows that start at once share one helper", async () => {
    sudo(`echo started >> ${helper.path("starts")}; echo "flameline-helper: the socket is taken by another helper" >&2; exit 1`);
    setTimeout(() => void helper.listen(), 300);
    expect(await Promise.all([outcome(), outcome()])).toEqual(["connected", "connected"]);
  });
});
