import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Identity, identityBehindSudo } from "../../../recorder/identity.js";
import { commandEndText, startGated } from "../../../recorder/launch.js";
import { thisMachine } from "../../../recorder/machine.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flameline-test-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Starts shell text in the test's folder. */
function shell(text: string, identity?: Identity): ReturnType<typeof startGated> {
  return startGated("sh", ["-c", text, "an argument with spaces"], {
    cwd: folder,
    env: { PATH: "/usr/bin:/bin", GREETING: "hello" },
    stdio: "ignore",
    ...(identity === undefined ? {} : { identity }),
  });
}

const seen = (): string => readFileSync(join(folder, "seen"), "utf8");

describe("a gated command", () => {
  test("does nothing until it is released, and keeps its pid", async () => {
    const command = await shell('echo "$$ $GREETING $0 $PWD" > seen; exit 3');
    await sleep(100);
    expect(existsSync(join(folder, "seen"))).toBe(false);
    command.release();
    expect(commandEndText(await command.ended)).toBe("status 3");
    expect(seen()).toBe(`${command.pid} hello an argument with spaces ${folder}\n`);
  });

  test("never runs when it is stopped before", async () => {
    const command = await shell("touch seen");
    expect(await command.stop()).toEqual({ kind: "not-run" });
    expect(existsSync(join(folder, "seen"))).toBe(false);
  });

  test("ends with its whole group", async () => {
    const command = await shell("sleep 60 & echo $! > seen; wait");
    command.release();
    while (!existsSync(join(folder, "seen")) || seen() === "") await sleep(10);
    expect(commandEndText(await command.stop())).toBe("signal SIGTERM (15)");
    await sleep(50);
    expect(existsSync(`/proc/${seen().trim()}/exe`)).toBe(false);
  });

  test("is killed when it will not end", async () => {
    const command = await shell("trap '' TERM; echo ready > seen; while :; do sleep 0.1; done");
    command.release();
    while (!existsSync(join(folder, "seen"))) await sleep(10);
    expect(commandEndText(await command.stop())).toBe("signal SIGKILL (9)");
  });

  test("that does not exist is refused before anything is recorded", async () => {
    const missing = startGated("no-such-program", [], { cwd: folder, env: { PATH: "/usr/bin" } });
    await expect(missing).rejects.toThrow("no-such-program could not be started: there is no such program.");
  });

  test.runIf(process.getuid?.() === 0)("runs as the user behind sudo, with that user's groups and home", async () => {
    const machine = {
      ...thisMachine(),
      env: { SUDO_UID: "65534", SUDO_GID: "65534" },
      readText: (path: string) =>
        path === "/etc/passwd"
          ? "root:x:0:0::/root:/bin/sh\nann:x:65534:65534::/home/ann:/bin/sh\n"
          : "wheel:x:1234:bob,ann\nstaff:x:50:bob\n",
    };
    const identity = identityBehindSudo(machine);
    expect(identity).toEqual({ uid: 65534, gid: 65534, groups: [65534, 1234], env: { HOME: "/home/ann", USER: "ann", LOGNAME: "ann" } });
    chmodSync(folder, 0o777);
    const command = await shell('echo "$(id -u) $(id -g) $(id -G) $HOME" > seen', identity);
    command.release();
    await command.ended;
    expect(seen()).toBe("65534 65534 65534 1234 /home/ann\n");
  });
});
