/** The service as it is: installed on this machine, used by two users who may not become root, replaced, and removed. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
} from "node:fs";
import * as path from "node:path";
import { expect, test } from "@playwright/test";
import { createUser, NO_SUDO_USER, removeUser, whyNotPrepared } from "../../scripts/machine.mjs";
import { root } from "../../scripts/paths.mjs";
import { has } from "../../scripts/shell.mjs";
import { isAlive } from "../support/attached.mjs";
import { flameline, readReport, scratchFolder } from "../support/flameline.mjs";
import { runProgram } from "../support/programs.mjs";
import { HELLO, sayAs } from "../support/raw-client.mjs";

const INSTALLED = ["/usr/local/lib/flameline/flameline-helper", "/opt/flameline/flameline-helper"];
const SOCKET = "/run/flameline/helper.sock";
/** All that installing may put, beside the helper. */
const TEXTS = [
  "/etc/systemd/system/flameline.service",
  "/etc/systemd/system/flameline.socket",
  "/usr/share/polkit-1/actions/org.flameline.helper.policy",
];
const SECOND_UID = 64_311;
const BURN = ["sh", "-c", "i=0; while :; do i=$((i+1)); done"];

interface Status {
  readonly running: boolean;
  readonly helper: { readonly pid: number; readonly helper: string } | null;
  readonly socket: string | null;
  readonly service: {
    readonly path: string;
    readonly version: string;
    readonly sha256: string;
    readonly current: boolean;
    readonly serves: boolean;
  } | null;
}

const reason =
  whyNotPrepared() ?? (INSTALLED.some((file) => existsSync(file)) ? "this machine has the service installed: it is left alone" : undefined);
test.skip(reason !== undefined, reason);
test.describe.configure({ mode: "serial" });

const scratch = scratchFolder();
let user: ReturnType<typeof createUser>;
const programs: ReturnType<typeof runProgram>[] = [];

test.beforeAll(() => {
  user = createUser(NO_SUDO_USER, { sudo: false });
});
test.afterAll(() => {
  for (const program of programs) program.stop();
  spawnSync(path.join(root, "dist/flameline-helper"), ["uninstall"]);
  removeUser(NO_SUDO_USER);
  scratch.remove();
});

/** A bundle that every user can run; `change` makes another helper of it. */
function bundle(name: string, change: (helper: string) => void = () => undefined): string {
  const folder = path.join(scratch.path, name);
  mkdirSync(folder, { mode: 0o755 });
  for (const file of ["flameline.js", "askpass.js", "flameline-helper", "flameline-helper.sha256"]) {
    copyFileSync(path.join(root, "dist", file), path.join(folder, file));
  }
  cpSync(path.join(root, "dist/shared"), path.join(folder, "shared"), { recursive: true });
  const helper = path.join(folder, "flameline-helper");
  chmodSync(helper, 0o755);
  change(helper);
  return folder;
}

const digest = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");
const asUser = () => ({ cwd: scratch.path, env: { HOME: user.home, SUDO_UID: "" }, uid: user.uid, gid: user.gid });
const asRoot = () => ({ cwd: scratch.path, env: { SUDO_UID: "" } });

async function statusOf(by: string): Promise<Status & { code: number | null }> {
  const { stdout, stderr, status } = await flameline(["helper", "status", "--json"], { ...asUser(), bundle: by });
  expect(stderr).toBe("");
  return { ...(JSON.parse(stdout) as Status), code: status };
}

/** Processes of an installed helper. */
function servers(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return INSTALLED.includes(readlinkSync(`/proc/${name}/exe`).replace(" (deleted)", ""));
      } catch {
        return false;
      }
    })
    .map(Number);
}

let first = "";

test("a user who may not become root is told the one command that installs it", async () => {
  first = bundle("first");
  const { status, stderr, stdout } = await flameline(["helper", "install"], { ...asUser(), bundle: first });
  expect(stderr).toMatch(
    /^flameline: Installing the service needs root, and .*\. Run this in a terminal as someone who may: \S.*flameline-helper install --sha256 [0-9a-f]{64}'?\n$/,
  );
  expect([status, stdout]).toEqual([3, ""]);
  expect(await statusOf(first)).toMatchObject({ code: 1, running: false, service: null });
});

test("root installs and starts it; everybody may reach it and nobody change it", async () => {
  test.setTimeout(60_000);
  const { status, stdout, stderr } = await flameline(["helper", "install", "--start"], { ...asRoot(), bundle: first });
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^Flameline's helper \S+ is installed at \S+\. (Its service runs|systemd starts it when somebody records)\.\n$/);
  const now = await statusOf(first);
  expect(now).toMatchObject({
    code: 0,
    running: true,
    socket: SOCKET,
    service: { current: true, serves: true, sha256: digest(path.join(first, "flameline-helper")) },
  });
  const installed = now.service?.path ?? "";
  for (const [file, mode] of [
    [installed, 0o755],
    [path.dirname(installed), 0o755],
    [SOCKET, 0o666],
    [path.dirname(SOCKET), 0o755],
  ] as const) {
    expect([file, lstatSync(file).uid, lstatSync(file).mode & 0o7777]).toEqual([file, 0, mode]);
  }
  // Squatting, as far as a user gets: nothing of it can be written, moved or replaced.
  for (const deed of [
    `mv ${SOCKET} ${SOCKET}.old`,
    `ln -s /tmp/x ${SOCKET}.new`,
    `rm -f ${SOCKET}`,
    `cp /bin/true ${installed}`,
    `rm -rf ${path.dirname(installed)}`,
  ]) {
    const { status: refused } = spawnSync("sh", ["-c", deed], { uid: user.uid, gid: user.gid });
    expect(refused, deed).not.toBe(0);
  }
  expect((await statusOf(first)).helper?.pid).toBe(now.helper?.pid);
  const again = await flameline(["helper", "install", "--start"], { ...asRoot(), bundle: first });
  expect(again.stdout).toMatch(/is already installed at/);
  expect((await statusOf(first)).helper?.pid).toBe(now.helper?.pid);
});

test("two users record at once, without a password, and each gets only their own processes", async () => {
  test.setTimeout(120_000);
  const burners = new Map([user.uid, SECOND_UID, 0].map((uid) => [uid, runProgram(BURN, { cwd: scratch.path, uid, gid: uid })]));
  programs.push(...burners.values());
  const recorded = await Promise.all(
    [user.uid, SECOND_UID].map(async (uid) => {
      const profile = path.join(scratch.path, `${uid}.pb.gz`);
      const options = { cwd: scratch.path, env: { HOME: scratch.path, SUDO_UID: "" }, uid, gid: uid, bundle: first };
      const run = await flameline(["record", "-o", profile, "--seconds", "4", "--workspace", scratch.path], options);
      return { uid, profile, run };
    }),
  );
  for (const { uid, profile, run } of recorded) {
    expect(run.status, run.stderr).toBe(0);
    const pids = (await readReport(profile, { by: "process" })).rows.map(({ pid }) => pid);
    expect(pids).toContain(burners.get(uid)?.pid);
    for (const [other, { pid }] of burners) if (other !== uid) expect(pids).not.toContain(pid);
  }
  // One who has no name gets nothing at all; one who asks for another's process is told that there is none.
  expect(await sayAs(65_534, SOCKET, [HELLO])).toMatchObject({ messages: [], refused: expect.stringContaining("403") });
  const start = {
    type: "start",
    recording: 1,
    target: { kind: "process", pid: burners.get(0)?.pid, children: true },
    events: ["cpu"],
    hz: 99,
  };
  const { messages } = await sayAs(SECOND_UID, SOCKET, [HELLO, start]);
  expect(messages.filter(({ type }) => type === "error")).toMatchObject([{ code: "no-such-process" }]);
  const doctor = await flameline(["doctor"], { ...asUser(), bundle: first });
  expect(doctor.stdout).toMatch(/ok {2}service +The service is installed \(\S+, version \S+\) and serves this user\./);
});

test("a helper that was exchanged in its package is not installed", async () => {
  const spoiled = bundle("spoiled", (helper) => appendFileSync(helper, "x"));
  const { status, stderr } = await flameline(["helper", "install"], { ...asRoot(), bundle: spoiled });
  expect(stderr).toMatch(/is not the one that was built with this package, so it is not run as root/);
  expect(status).toBe(3);
  // The helper looks for itself, too: whoever runs it by hand with a digest gets no other.
  const direct = spawnSync(path.join(spoiled, "flameline-helper"), ["install", "--sha256", "0".repeat(64)], { encoding: "utf8" });
  expect(direct.stderr).toMatch(/is damaged or was exchanged/);
  expect(direct.status).toBe(3);
  expect(await statusOf(first)).toMatchObject({ service: { current: true } });
});

test("another version replaces it, and the old one ends", async () => {
  test.setTimeout(180_000);
  test.skip(!has("go"), "Go is not installed: no helper of another version can be built");
  const second = bundle("second", (helper) => {
    const args = [path.join(root, "bpf-helper/build.sh"), "--output", helper, "--version", "99.1.2"];
    const built = spawnSync("bash", args, { encoding: "utf8" });
    expect(built.status, built.stderr).toBe(0);
  });
  const before = await statusOf(second);
  expect(before).toMatchObject({ running: true, service: { current: false } });
  const { status, stdout, stderr } = await flameline(["helper", "install"], { ...asRoot(), bundle: second });
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^Flameline's helper 99\.1\.2 has replaced the one at /);
  const after = await statusOf(second);
  expect(after).toMatchObject({ running: true, helper: { helper: "99.1.2" }, service: { version: "99.1.2", current: true, serves: true } });
  expect(isAlive(before.helper?.pid ?? 0)).toBe(false);
  expect(servers()).toEqual([after.helper?.pid]);
  // The window with the old package still records by it, and is told that it is another one.
  const old = await flameline(["helper", "status"], { ...asUser(), bundle: first });
  expect(old.stdout).toMatch(/version 99\.1\.2, which is not this package's helper; `flameline helper install` replaces it\.\n$/);
});

test("uninstalling leaves nothing behind and nothing running", async () => {
  test.setTimeout(60_000);
  const kept = await statusOf(first);
  const { status, stdout, stderr } = await flameline(["helper", "uninstall"], { ...asRoot(), bundle: first });
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^Flameline's helper is removed: \//);
  for (const file of [...INSTALLED, ...INSTALLED.map((each) => path.dirname(each)), ...TEXTS, SOCKET, "/run/flameline/lock"]) {
    expect(existsSync(file), file).toBe(false);
  }
  expect(servers()).toEqual([]);
  expect(isAlive(kept.helper?.pid ?? 0)).toBe(false);
  expect(readFileSync("/proc/net/unix", "utf8")).not.toContain(SOCKET);
  expect((await statusOf(first)).service).toBeNull();
  const again = await flameline(["helper", "uninstall"], { ...asRoot(), bundle: first });
  expect(again.stdout).toBe("Flameline's helper was not installed.\n");
});
