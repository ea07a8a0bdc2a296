import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { changeService, type ServiceChange } from "../../../recorder/change-service.js";
import { connectHelper, connectRunningHelper } from "../../../recorder/connect-helper.js";
import { failureText, FlamelineError } from "../../../recorder/failures.js";
import { findInstalledService } from "../../../recorder/installed-service.js";
import type { Machine } from "../../../recorder/machine.js";
import { inspectSocket } from "../../../recorder/socket-trust.js";
import { FakeHelper, HELLO } from "./fake-helper.js";

let helper: FakeHelper;
beforeEach(() => {
  helper = new FakeHelper({ uid: 1000 });
});
afterEach(() => helper.close());

async function failureOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "no failure";
  } catch (error) {
    if (!(error instanceof FlamelineError)) throw error;
    return failureText(error.failure);
  }
}

describe("the service's socket", () => {
  test("is preferred to the helper that was launched for the user", async () => {
    const other = new FakeHelper({ uid: 1000, socketFolder: helper.machine.socketFolder });
    await other.listen((_, reply) => reply({ ...HELLO, pid: 1 }), helper.socketPath);
    await helper.listen((_, reply) => reply({ ...HELLO, pid: 2 }), helper.servicePath);
    const connection = await connectRunningHelper({ machine: helper.machine });
    expect(connection).toMatchObject({ hello: { pid: 2 }, socketPath: helper.servicePath });
    connection?.close();
    other.close();
  });

  test("needs neither a helper of one's own nor rights, as in a container", async () => {
    await helper.listen(undefined, helper.servicePath);
    const machine: Machine = {
      ...helper.machine,
      readText: (path) => (path === "/proc/self/status" ? "CapBnd:\t0000000000000000\n" : undefined),
    };
    const connection = await connectHelper({ elevation: { allowed: [] }, helperPath: "/missing", machine });
    expect(connection.socketPath).toBe(helper.servicePath);
    connection.close();
  });

  test("of another version is told with the command that replaces it", async () => {
    await helper.listen((_, reply) => reply({ ...HELLO, protocol: 3 }), helper.servicePath);
    expect(await failureOf(connectHelper({ elevation: {}, helperPath: process.execPath, machine: helper.machine }))).toMatch(
      /^Flameline's service on this machine is of another version \(it speaks protocol 3, this one speaks 1\)\. .*: flameline helper install$/,
    );
  });

  test("that does not serve the user is told with the service's own reason", async () => {
    await helper.refuse(403, "this helper serves another user\n", helper.servicePath);
    expect(await failureOf(connectRunningHelper({ machine: helper.machine }))).toMatch(
      /^Flameline's service on this machine does not serve user 1000 \(this helper serves another user\)\. Record as a user/,
    );
  });

  test("with too many clients is told so", async () => {
    await helper.refuse(503, "this helper has too many clients", helper.servicePath);
    expect(await failureOf(connectRunningHelper({ machine: helper.machine }))).toMatch(
      /^The recording helper has as many clients as it serves\./,
    );
  });
});

/** Who stands for the owner without a name: whoever runs the tests, but not root. */
const STAND_IN = process.getuid?.() === 0 ? 4321 : (process.getuid?.() ?? 0);

describe("in a container of an ordinary user, where root has no name", () => {
  const files: Readonly<Record<string, string>> = {
    "/proc/self/uid_map": "0 1000 1\n1 100000 65536\n",
    "/proc/sys/kernel/overflowuid": "65534\n",
  };
  const contained = (map?: string): Machine => ({
    ...helper.machine,
    socketFolderOwner: 4_000_000,
    readText: (path) => (path === "/proc/sys/kernel/overflowuid" ? String(STAND_IN) : (map ?? files[path])),
  });

  test("the host's socket is trusted", async () => {
    await helper.listen(undefined, helper.servicePath);
    if (process.getuid?.() === 0) for (const path of [helper.machine.socketFolder, helper.servicePath]) chownSync(path, STAND_IN, STAND_IN);
    expect(inspectSocket(contained(), helper.servicePath, 1000).kind).toBe("trusted");
  });

  test("where root has a name, only root's socket is", async () => {
    await helper.listen(undefined, helper.servicePath);
    expect(inspectSocket(contained("0 0 4294967295\n"), helper.servicePath, 1000).kind).toBe("untrusted");
  });
});

describe("installing", () => {
  /** A helper that notes how it was run and says `said`. */
  function program(said: string, status = 0): string {
    const path = helper.path("flameline-helper");
    copyFileSync(process.execPath, path);
    mkdirSync(helper.path("bin"), { recursive: true });
    // sudo is where the helper would become root; what it is asked to run is noted down.
    writeFileSync(helper.path("bin", "sudo"), `#!/bin/sh\necho "$*" > ${helper.path("asked")}\necho "${said}" >&2\nexit ${status}\n`);
    chmodSync(helper.path("bin", "sudo"), 0o755);
    return path;
  }
  const change = (what: ServiceChange, helperPath: string): Promise<string> =>
    changeService(what, {
      elevation: {},
      helperPath,
      machine: { ...helper.machine, env: { PATH: `${helper.path("bin")}:/usr/bin:/bin` } },
    });
  const asked = (): string => readFileSync(helper.path("asked"), "utf8").trim();
  const digest = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

  test("runs the helper as root once, with the digest that it must have, and gives its answer", async () => {
    const path = program("Flameline's helper 1.0.0 is installed at /x.");
    expect(await change({ kind: "install", start: true }, path)).toBe("Flameline's helper 1.0.0 is installed at /x.");
    expect(asked()).toBe(`-n -- ${path} install --sha256 ${digest(path)} --start`);
    expect(await change({ kind: "uninstall" }, path)).toBe("Flameline's helper 1.0.0 is installed at /x.");
    expect(asked()).toBe(`-n -- ${path} uninstall`);
  });

  test("refuses a helper that is not the one of its package, before it is run", async () => {
    const path = program("");
    writeFileSync(`${path}.sha256`, `${"0".repeat(64)}  flameline-helper\n`);
    expect(await failureOf(change({ kind: "install", start: false }, path))).toMatch(
      /is not the one that was built with this package, so it is not run/,
    );
    expect(existsSync(helper.path("asked"))).toBe(false);
    writeFileSync(`${path}.sha256`, `${digest(path)}  flameline-helper\n`);
    await change({ kind: "install", start: false }, path);
    expect(asked()).toContain("install");
  });

  const refusals: readonly (readonly [string, string])[] = [
    [
      "sudo: a password is required",
      "Installing the service needs root, and sudo asks for a password that nobody is here to type. Run this in a terminal as someone who may: sudo PATH install --sha256 DIGEST",
    ],
    [
      "alice is not in the sudoers file.",
      "Installing the service needs root, and your user may not use sudo. Run this in a terminal as someone who may: su -c 'PATH install --sha256 DIGEST'",
    ],
    [
      "flameline-helper: there is no safe place",
      "The service could not be installed: there is no safe place. Mend that and try again; the doctor says what is there now: flameline doctor",
    ],
  ];
  test.each(refusals)("'%s' is told with what to do", async (said, expected) => {
    const path = program(said, 1);
    const text = await failureOf(change({ kind: "install", start: false }, path));
    expect(text.replaceAll(digest(path), "DIGEST").replaceAll(path, "PATH")).toBe(expected);
  });
});

describe("what is installed", () => {
  const machine = (): Machine => ({
    ...helper.machine,
    servicePrograms: [helper.path("first/flameline-helper"), helper.path("second/flameline-helper")],
  });
  function put(path: string): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '#!/bin/sh\n[ "$1" = version ] && echo 7.8.9\n');
    chmodSync(path, 0o755);
  }

  test("is found with its version and digest, wherever it was put", async () => {
    expect(await findInstalledService(machine())).toBeUndefined();
    const path = helper.path("second/flameline-helper");
    put(path);
    const sha256 = createHash("sha256").update(readFileSync(path)).digest("hex");
    expect(await findInstalledService(machine())).toEqual({ path, version: "7.8.9", sha256 });
  });

  test("is not run where others could have put it there", async () => {
    const path = helper.path("first/flameline-helper");
    put(path);
    chmodSync(path, 0o777);
    expect(await findInstalledService(machine())).toBeUndefined();
    chmodSync(path, 0o755);
    chmodSync(dirname(path), 0o777);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o777);
    expect(await findInstalledService(machine())).toBeUndefined();
    put(helper.path("real/flameline-helper"));
    symlinkSync(helper.path("real"), helper.path("second"));
    expect(await findInstalledService(machine())).toBeUndefined();
  });
});
