import { chmodSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { connectRunningHelper } from "../../../recorder/connect-helper.js";
import { describe as describeFailure, FlamelineError } from "../../../recorder/failures.js";
import { restartHelper } from "../../../recorder/restart-helper.js";
import { FakeHelper } from "./fake-helper.js";

let helper: FakeHelper;
afterEach(() => helper.close());

test("a helper of another version is named by the lock that it holds, and replaced through sudo", async () => {
  let ended = false;
  helper = new FakeHelper({
    uid: 1000,
    env: {},
    readText: (path) => {
      if (path === "/proc/4711/comm") return "flameline-helpe\n";
      return path === "/proc/locks" && !ended
        ? `1: POSIX  ADVISORY  READ 9 00:1f:1 0 EOF\n2: FLOCK  ADVISORY  WRITE 4711 fe:00:${inode()} 0 EOF\n`
        : undefined;
    },
  });
  const lock = join(dirname(helper.socketPath), "lock");
  writeFileSync(lock, "");
  const inode = (): number => lstatSync(lock).ino;
  await helper.listen((message, reply) => {
    if (ended)
      return reply({
        type: "hello",
        protocol: 1,
        helper: "0.1.0",
        pid: 4712,
        peerUid: 1000,
        kernel: "6.1",
        processors: 1,
        events: ["cpu"],
      });
    reply({ type: "error", subject: -1, code: "wrong-version", detail: "the helper speaks protocol 2, the client 1" });
  });

  const failure = await connectRunningHelper({ machine: helper.machine }).then(
    () => undefined,
    (error: unknown) => (error instanceof FlamelineError ? error.failure : undefined),
  );
  expect(failure).toEqual({ kind: "wrong-version", ours: 1, theirs: 2, pid: 4711 });
  expect(failure && describeFailure(failure).command).toBe("sudo kill 4711");

  mkdirSync(helper.path("bin"));
  writeFileSync(helper.path("bin", "sudo"), `#!/bin/sh\nprintf "%s\\n" "$*" > ${helper.path("asked")}\nsleep 0.1\n`);
  chmodSync(helper.path("bin", "sudo"), 0o755);
  setTimeout(() => (ended = true), 200);
  const machine = { ...helper.machine, env: { PATH: `${helper.path("bin")}:/usr/bin:/bin` } };
  const connection = await restartHelper({ elevation: {}, helperPath: process.execPath, machine });
  expect(connection.hello.pid).toBe(4712);
  connection.close();
  expect(readFileSync(helper.path("asked"), "utf8")).toBe("-n -- kill -TERM 4711\n");
});
