/**
 * Bad input through the real helper and the real command: each gives one clear sentence with what to do next, loses no
 * sample already taken, and leaves nothing behind. The paths that VS Code shows are in the other files; a kernel without
 * support is told to the recorder in test/unit/recorder.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, closeSync, copyFileSync, existsSync, ftruncateSync, lstatSync, mkdirSync, openSync } from "node:fs";
import { readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { release } from "node:os";
import * as path from "node:path";
import { expect, test } from "@playwright/test";
import { startHelper } from "../../scripts/helper.mjs";
import { createUser, removeUser } from "../../scripts/machine.mjs";
import { root } from "../../scripts/paths.mjs";
import { has } from "../../scripts/shell.mjs";
import { isAlive, loadedPrograms, programsOf } from "../support/attached.mjs";
import { flameline, OWN_UID, readableBundle, readReport, scratchFolder, signal, startFlameline, WHY_NOT } from "../support/flameline.mjs";
import { connectToHelper } from "../support/helper-client.mjs";
import { runProgram, sleep } from "../support/programs.mjs";
import { HELLO, say, sayAs } from "../support/raw-client.mjs";

/** Users that no one is; a helper for each is ours alone. */
const UID = OWN_UID + 1;
const STRANGER = OWN_UID + 2;
const ENV = { SUDO_UID: String(UID), SUDO_GID: String(UID) };
const SOCKET_FOLDER = `/run/flameline/${UID}`;
const SOCKET = `${SOCKET_FOLDER}/helper.sock`;
const NO_SUDO = "flameline-e2e";
/** What a user may be told: no stack trace, no code, a sentence and what to do. */
const SENTENCE = /^flameline: [A-Z/].*[^.]\. \S.*/m;

type Helper = Awaited<ReturnType<typeof startHelper>>;
let scratch: ReturnType<typeof scratchFolder>;
const helpers: Helper[] = [];
const programs: ReturnType<typeof runProgram>[] = [];

test.beforeEach(() => {
  test.setTimeout(240_000);
  scratch = scratchFolder();
});
test.afterEach(async () => {
  for (const program of programs.splice(0)) program.stop();
  for (const helper of helpers.splice(0)) await helper.stop();
  scratch.remove();
});

async function helperFor(uid: number, options?: { idleSeconds: number }): Promise<Helper> {
  const helper = await startHelper(uid, options);
  helpers.push(helper);
  return helper;
}

/** Whether the kernel can tell the unwinder of a new process's mappings by itself: Linux 6.7. */
function kernelWalksMappings(): boolean {
  const [major = 0, minor = 0] = release().split(".").map(Number);
  return major > 6 || (major === 6 && minor >= 7);
}

/** A C program that burns CPU for ever, or for about `milliseconds`. */
function burner(name = "burn", flags: readonly string[] = []): string {
  test.skip(!has("gcc"), "gcc is not installed");
  const source = path.join(scratch.path, `${name}.c`);
  writeFileSync(
    source,
    `#include <stdlib.h>
#include <time.h>
static volatile unsigned long sink;
static double used(void) { struct timespec t; clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); return t.tv_sec * 1e3 + t.tv_nsec / 1e6; }
__attribute__((noinline)) void burn(void) { for (int i = 0; i < 20000; i++) sink += i; }
__attribute__((noinline)) void work(double until) { while (until == 0 || used() < until) burn(); }
int main(int argc, char **argv) { work(argc > 1 ? atof(argv[1]) : 0); return 0; }
`,
  );
  const binary = path.join(scratch.path, name);
  const built = spawnSync("gcc", ["-O1", "-g", "-fno-omit-frame-pointer", ...flags, "-o", binary, source], { encoding: "utf8" });
  expect(built.status, built.stderr).toBe(0);
  return binary;
}

function run(commandLine: string[], options: Parameters<typeof runProgram>[1] = {}) {
  const program = runProgram(commandLine, { cwd: "/", ...options });
  programs.push(program);
  return program;
}

/** Loads the engine. @returns how many perf events the helper holds while nothing is recorded */
async function warm(helper: Helper): Promise<number> {
  const client = await connectToHelper(helper.socket);
  await (await client.record({ target: { kind: "user" } })).stop();
  client.close();
  return eventsOf(helper.pid);
}

async function eventually(what: string, holds: () => boolean, seconds = 30): Promise<void> {
  await expect.poll(holds, { message: what, timeout: seconds * 1000 }).toBe(true);
}

test.describe("with the real helper", () => {
  test.beforeAll(() => test.skip(WHY_NOT !== undefined, WHY_NOT));

  test("a client that speaks nonsense is told so and cut off, and the others go on", async () => {
    const { socket } = await helperFor(UID);
    const sane = await connectToHelper(socket);
    const start = { type: "start", recording: 1, target: { kind: "user" }, events: ["cpu"], hz: 99 };
    const sayings: Record<string, (string | Buffer | object)[]> = {
      "no JSON": ["what?"],
      "no object": ["[1,2,3]"],
      "no text": [Buffer.from([0xff, 0x00])],
      "an unknown type": [HELLO, { type: "dance" }],
      "no hello": [start],
      "a second hello": [HELLO, HELLO],
      "no rate": [HELLO, { ...start, hz: 0 }],
      "a rate too high": [HELLO, { ...start, hz: 1000 }],
      "a fraction of a rate": [HELLO, { ...start, hz: 9.5 }],
      "a rate in words": [HELLO, { ...start, hz: "99" }],
      "no target": [HELLO, { ...start, target: { kind: "everything" } }],
      "a relative folder": [HELLO, { ...start, target: { kind: "workspace", folders: ["src"], excludePids: [] } }],
      "no events": [HELLO, { ...start, events: [] }],
    };
    for (const [what, saying] of Object.entries(sayings)) {
      const { messages, closed } = await say(socket, saying);
      expect(messages.at(-1), what).toMatchObject({ type: "error", code: "bad-message" });
      expect(closed, what).toBe(true);
    }
    const { messages, closed } = await say(socket, [{ ...HELLO, protocol: 99 }]);
    expect(messages).toEqual([expect.objectContaining({ type: "error", code: "wrong-version" })]);
    expect(closed).toBe(true);
    // One byte more than a frame may have.
    const oversize = await say(socket, [HELLO, " ".repeat((1 << 20) + 1)]);
    expect(oversize.closed).toBe(true);
    const flood = await say(socket, [HELLO, ...Array.from({ length: 1000 }, (_, request) => ({ type: "stop", recording: request }))]);
    expect(flood.closed).toBe(true);

    const recording = await sane.record({ target: { kind: "user" } });
    expect(await recording.stop()).toMatchObject({ type: "stopped", reason: "requested" });
    sane.close();
  });

  test("what can't be recorded is refused, and the connection goes on", async () => {
    const { socket } = await helperFor(UID);
    const start = { type: "start", recording: 1, target: { kind: "user" }, events: ["cpu"], hz: 99 };
    const nobody = { kind: "process", pid: 4_194_303, children: false };
    const refusals = await say(
      socket,
      [
        HELLO,
        { ...start, events: ["gravity"] },
        { ...start, recording: 2, target: nobody },
        { type: "stop", recording: 77 },
        { ...start, recording: 3 },
      ],
      { seconds: 60, until: (messages) => messages.some(({ type }) => type === "started") && messages.length >= 5 },
    );
    expect(refusals.closed).toBe(false);
    const codes = Object.fromEntries(refusals.messages.filter(({ type }) => type === "error").map(({ subject, code }) => [subject, code]));
    expect(codes).toEqual({ 1: "bad-request", 2: "no-such-process", 77: "bad-request" });
    const many = await say(socket, [HELLO, ...Array.from({ length: 9 }, (_, recording) => ({ ...start, recording }))], {
      seconds: 60,
      until: (messages) => messages.filter(({ type }) => type === "started").length === 8,
    });
    expect(many.messages.filter(({ type }) => type === "error")).toEqual([
      expect.objectContaining({ subject: 8, code: "too-many-recordings" }),
    ]);
    expect(many.messages.filter(({ type }) => type === "started")).toHaveLength(8);
  });

  test("a socket path that something else has taken is neither served nor connected to", async () => {
    const binary = path.join(root, "dist/flameline-helper");
    const serve = () => spawnSync(binary, ["serve"], { env: { PATH: "/usr/bin:/bin", ...ENV }, encoding: "utf8", timeout: 20_000 });
    const free = () => rmSync(SOCKET_FOLDER, { recursive: true, force: true });
    const asRoot = () => mkdirSync(SOCKET_FOLDER, { recursive: true, mode: 0o711 });
    const stranger = createServer();
    const cases: Record<string, { take: () => unknown; served: RegExp; connected: RegExp }> = {
      "a file": { take: () => (asRoot(), writeFileSync(SOCKET, "")), served: /is not a socket/, connected: /it is not a socket/ },
      "a link": { take: () => (asRoot(), symlinkSync("/tmp", SOCKET)), served: /is not a socket/, connected: /it is a symbolic link/ },
      "another user's socket": {
        take: async () => {
          asRoot();
          await new Promise<void>((resolve) => stranger.listen(SOCKET, resolve));
          spawnSync("chown", [String(STRANGER), SOCKET]);
        },
        served: /socket of user/,
        connected: new RegExp(`it belongs to user ${STRANGER}`),
      },
      "another user's folder": {
        take: () => (asRoot(), spawnSync("chown", [String(STRANGER), SOCKET_FOLDER])),
        served: /belongs to or can be written by others/,
        connected: /belongs to user \d+, not to root/,
      },
      "a folder that all may write": {
        take: () => (asRoot(), chmodSync(SOCKET_FOLDER, 0o777)),
        served: /belongs to or can be written by others/,
        connected: /others than root may write/,
      },
    };
    try {
      for (const [what, { take, served, connected }] of Object.entries(cases)) {
        free();
        await take();
        const refused = serve();
        expect(refused.status, what).not.toBe(0);
        expect(refused.stderr, what).toMatch(served);
        const { status, stderr } = await flameline(["record", "-o", path.join(scratch.path, "x"), "--seconds", "1"], {
          cwd: scratch.path,
          env: ENV,
        });
        expect(stderr, what).toMatch(connected);
        expect(stderr, what).toMatch(/sudo rm -rf/);
        expect(status, what).toBe(3);
        stranger.close();
      }
    } finally {
      stranger.close();
      free();
    }
  });

  test("another user gets nothing, and a user only the own processes", async () => {
    const { socket } = await helperFor(UID);
    expect(lstatSync(socket)).toMatchObject({ uid: UID });
    expect(lstatSync(socket).mode & 0o777).toBe(0o600);
    const start = { type: "start", recording: 1, target: { kind: "user" }, events: ["cpu"], hz: 99 };
    const stranger = await sayAs(STRANGER, socket, [HELLO, start]);
    expect(stranger).toMatchObject({ messages: [], refused: expect.stringContaining("EACCES") });
    // Even where the socket lets a stranger in, its credentials don't.
    chmodSync(socket, 0o666);
    const admitted = await sayAs(STRANGER, socket, [HELLO, start]);
    expect(admitted).toMatchObject({ messages: [], refused: expect.stringContaining("403") });
    chmodSync(socket, 0o600);

    const binary = burner();
    const raised = path.join(scratch.path, "raised");
    spawnSync("install", ["-m", "4755", binary, raised]);
    const roots = run([binary]);
    const own = run([binary], { uid: UID, gid: UID });
    const setuid = run([raised], { uid: UID, gid: UID });
    const refusals = await sayAs(UID, socket, [
      HELLO,
      { ...start, target: { kind: "process", pid: roots.pid, children: true } },
      { ...start, recording: 2, target: { kind: "process", pid: setuid.pid, children: true } },
    ]);
    expect(refusals.messages[0]).toMatchObject({ type: "hello", peerUid: UID });
    expect(refusals.messages.filter(({ type }) => type === "started")).toEqual([]);
    expect(refusals.messages.filter(({ type }) => type === "error").map(({ code }) => code)).toEqual([
      "no-such-process",
      "no-such-process",
    ]);
    // The command, as that user, for everything in the folder: root's processes of the same binary are in it too.
    const profile = path.join(scratch.path, "own.pb.gz");
    const bundle = readableBundle(scratch.path);
    const recorded = await flameline(["record", "-o", profile, "--seconds", "4", "--workspace", scratch.path], {
      cwd: scratch.path,
      env: { SUDO_UID: "", HOME: scratch.path },
      uid: UID,
      gid: UID,
      bundle,
    });
    expect(recorded.status, recorded.stderr).toBe(0);
    const report = await readReport(profile, { by: "process" });
    expect(report.rows.map(({ pid }) => pid)).toContain(own.pid);
    expect(report.rows.map(({ pid }) => pid)).not.toContain(roots.pid);
    expect(report.rows.map(({ pid }) => pid)).not.toContain(setuid.pid);
  });

  test("2,000 short-lived processes are all counted, each sample with its process and leaf", async () => {
    const binary = burner();
    const script = path.join(scratch.path, "many.sh");
    writeFileSync(script, `i=0; while [ $i -lt 2000 ]; do "${binary}" 5; i=$((i+1)); done\n`);
    const profile = path.join(scratch.path, "run.pb.gz");
    await helperFor(UID);
    const recorded = await flameline(["record", "-o", profile, "--hz", "999", "--", "sh", script], { cwd: scratch.path, env: ENV });
    expect(recorded.status, recorded.stderr).toBe(0);

    const processes = await readReport(profile, { by: "process" });
    const burners = processes.rows.filter((row) => row.file === binary || row.function === "burn");
    // At 999 Hz a process of 5 ms has five samples; now and then the machine gives its time to somebody else.
    expect(burners.length, recorded.stderr).toBeGreaterThan(1950);
    // Each burns 5 ms: what was sampled of them is what they used, and what was lost is told.
    const sampled = burners.reduce((sum, row) => sum + row.total, 0) / 1e9;
    const lost = processes.lost / 999;
    expect(sampled + lost, `${recorded.stderr} sampled ${sampled} s, lost ${lost} s`).toBeGreaterThan(0.9 * 2000 * 0.005);
    expect(sampled, recorded.stderr).toBeLessThan(2 * 2000 * 0.005);
    const functions = await readReport(profile, { by: "function" });
    const seconds = (name: string) => functions.rows.filter((row) => row.function === name).reduce((sum, row) => sum + row.total, 0) / 1e9;
    const share = (name: string) => seconds(name) / sampled;
    const whole = seconds("main") / seconds("burn");
    test.info().annotations.push({ type: "whole stacks", description: `${(100 * whole).toFixed(0)} % of the time of short processes` });
    // The rest is the kernel's and the loader's.
    expect(share("burn"), JSON.stringify(functions.rows.slice(0, 12), undefined, 1)).toBeGreaterThan(0.6);
    expect(share("[unknown]")).toBeLessThan(0.05);
    // From the second run of the program on its stacks are whole, where the kernel can walk a process's mappings.
    test.skip(!kernelWalksMappings(), "Linux 6.7 is needed to tell the unwinder of a new process's mappings");
    expect(seconds("work") / seconds("burn")).toBeGreaterThan(0.8);
    expect(whole).toBeGreaterThan(0.8);
  });

  test("a 200 MB binary without symbols is recorded, and said to have none", async () => {
    test.skip(!has("gcc"), "gcc is not installed");
    const data = path.join(scratch.path, "data.s");
    // Text that is never run: 200 MB in which a table of addresses would have to be looked for.
    writeFileSync(data, '.section .text.filler,"ax"\n.globl filler\nfiller:\n.fill 200000000, 1, 0x90\nret\n');
    const binary = burner("big", [data, "-s"]);
    rmSync(data);
    expect(lstatSync(binary).size).toBeGreaterThan(200e6);
    const helper = await helperFor(UID);
    const profile = path.join(scratch.path, "run.pb.gz");
    const recorded = await flameline(["record", "-o", profile, "--hz", "499", "--", binary, "2000"], { cwd: scratch.path, env: ENV });
    expect(recorded.status, recorded.stderr).toBe(0);
    const { stderr } = await flameline(["report", profile], { cwd: scratch.path });
    expect(stderr).toContain("big has no symbols, so functions there show as addresses. Build without stripping (-g)");
    const report = await readReport(profile, { by: "function" });
    const own = report.rows.filter((row) => row.function.includes("[big]"));
    expect(own.reduce((sum, row) => sum + row.self, 0) / report.total, JSON.stringify(report.rows.slice(0, 10))).toBeGreaterThan(0.8);
    expect(isAlive(helper.pid)).toBe(true);
  });

  test("a helper that is killed costs nothing that was taken, and leaves nothing attached", async () => {
    const binary = burner();
    const helper = await helperFor(UID);
    const idle = await warm(helper);
    const profile = path.join(scratch.path, "run.pb.gz");
    const recording = startFlameline(["record", "-o", profile, "--hz", "499", "--seconds", "120", "--workspace", scratch.path], {
      cwd: scratch.path,
      env: ENV,
    });
    run([binary], { cwd: scratch.path, uid: UID, gid: UID });
    await eventually("it samples", () => eventsOf(helper.pid) > idle, 60);
    await sleep(4000);
    const attached = programsOf(helper.pid);
    signal(helper.pid, "SIGKILL");
    const { status, stderr } = await recording.ended;
    expect(stderr).toContain("The recording helper ended unexpectedly");
    expect(stderr).toContain("What was recorded until then is kept. Record again to start a new helper.");
    expect(stderr).toMatch(SENTENCE);
    expect(status).toBe(0);
    const report = await readReport(profile);
    expect(report.samples, stderr).toBeGreaterThan(20);
    expect(report.rows.some((row) => row.function === "burn" && row.file?.endsWith("burn.c"))).toBe(true);
    test.skip(!has("bpftool") && !existsSync("/usr/sbin/bpftool"), "bpftool is not installed");
    await eventually("the kernel has none of its programs", () => attached.every((id) => !loadedPrograms().has(id)));
    // The next one takes over what it left at its socket.
    const again = await flameline(["record", "-o", profile, "--seconds", "1", "--workspace", scratch.path], {
      cwd: scratch.path,
      env: ENV,
    });
    expect(again.status, again.stderr).toBe(0);
    const next = JSON.parse((await flameline(["helper", "status", "--json"], { env: ENV })).stdout);
    signal(next.helper.pid, "SIGTERM");
  });

  test("a client that is killed ends its recording; the helper ends when it has been idle, and nothing stays", async () => {
    const mountsBefore = readFileSync("/proc/self/mountinfo", "utf8");
    const helper = await helperFor(UID, { idleSeconds: 2 });
    const other = await connectToHelper(helper.socket);
    const idle = await warm(helper);
    const recording = startFlameline(["record", "-o", path.join(scratch.path, "x"), "--seconds", "120", "--workspace", scratch.path], {
      cwd: scratch.path,
      env: ENV,
    });
    await eventually("it samples", () => eventsOf(helper.pid) > idle);
    const attached = programsOf(helper.pid);
    expect(attached).not.toEqual([]);
    recording.child.kill("SIGKILL");
    await eventually("it samples no more", () => eventsOf(helper.pid) === idle);
    // Longer than its idle time: the other client, which records nothing, keeps it alive.
    await sleep(3000);
    expect(isAlive(helper.pid)).toBe(true);
    other.close();
    await eventually("it ends after its idle time", () => !isAlive(helper.pid), 20);
    expect(existsSync(SOCKET)).toBe(false);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).toBe(mountsBefore);
    expect(readFileSync("/proc/net/unix", "utf8")).not.toContain(SOCKET);
    test.skip(!has("bpftool") && !existsSync("/usr/sbin/bpftool"), "bpftool is not installed");
    await eventually("the kernel has none of its programs", () => attached.every((id) => !loadedPrograms().has(id)));
  });

  test("a user without sudo is told the one command that an administrator can run", async () => {
    const user = createUser(NO_SUDO, { sudo: false });
    try {
      const bundle = readableBundle(scratch.path);
      const { status, stdout, stderr } = await flameline(["record", "--", "true"], {
        cwd: scratch.path,
        env: { HOME: user.home, SUDO_UID: "" },
        uid: user.uid,
        gid: user.gid,
        bundle,
      });
      // sudo asks for the password before it says that the user may do nothing with it.
      expect(stderr).toMatch(
        /^flameline: Recording needs root, and (sudo asks for a password that nobody is here to type|your user may not use sudo)\. /,
      );
      expect(stderr).toContain(`${bundle}/flameline-helper serve`);
      expect(stderr.trim().split("\n")).toHaveLength(1);
      expect(stdout).toBe("");
      expect(status).toBe(3);
      const without = await flameline(["record", "--", "/bin/true"], {
        cwd: scratch.path,
        env: { HOME: user.home, SUDO_UID: "", PATH: scratch.path },
        uid: user.uid,
        gid: user.gid,
        bundle,
      });
      expect(without.stderr).toMatch(/^flameline: Recording needs root, and sudo is not installed here\. Run this in a terminal/);
      expect(without.stderr).toContain(`${bundle}/flameline-helper serve`);
      expect(without.status).toBe(3);
      const doctor = await flameline(["doctor"], {
        cwd: scratch.path,
        env: { HOME: user.home, SUDO_UID: "", PATH: scratch.path },
        uid: user.uid,
        gid: user.gid,
        bundle,
      });
      expect(doctor.stdout).toContain("Recording needs root, and sudo is not installed here.");
      expect(doctor.stdout).toMatch(/\d of \d+ need attention\./);
      expect(doctor.status).toBe(3);
    } finally {
      removeUser(NO_SUDO);
    }
  });

  test("a helper that is missing, or for another processor, is said to be", async () => {
    const missing = await flameline(["record", "--", "true"], {
      cwd: scratch.path,
      env: { ...ENV, FLAMELINE_HELPER: path.join(scratch.path, "nowhere") },
    });
    expect(missing.stderr).toContain(`The recording helper is missing: ${scratch.path}/nowhere does not exist.`);
    expect(missing.status).toBe(3);
    const foreign = path.join(scratch.path, "foreign");
    copyFileSync(path.join(root, "dist/flameline-helper"), foreign);
    // e_machine of the ELF header: s390, which is neither of ours.
    const file = openSync(foreign, "r+");
    writeSync(file, Buffer.from([process.arch === "arm64" ? 62 : 183, 0]), 0, 2, 18);
    closeSync(file);
    const wrong = await flameline(["record", "--", "true"], { cwd: scratch.path, env: { ...ENV, FLAMELINE_HELPER: foreign } });
    expect(wrong.stderr).toContain(
      `The recording helper is built for ${process.arch === "arm64" ? "x64" : "arm64"}, and this machine is ${process.arch}.`,
    );
    expect(wrong.status).toBe(3);
    const text = path.join(scratch.path, "text");
    writeFileSync(text, "not a program\n", { mode: 0o755 });
    const none = await flameline(["record", "--", "true"], { cwd: scratch.path, env: { ...ENV, FLAMELINE_HELPER: text } });
    expect(none.stderr).toContain("no Linux program");
    expect(none.status).toBe(3);
  });
});

test("profiles that can't be read are said to be, by report and by export", async () => {
  const file = (name: string) => path.join(scratch.path, name);
  writeFileSync(file("empty.pb.gz"), "");
  writeFileSync(file("garbage.pb.gz"), Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251)));
  writeFileSync(
    file("gzip.pb.gz"),
    Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), Buffer.from("nothing that inflates")]),
  );
  writeFileSync(file("poem.txt"), "Shall I compare thee\nto a summer's day?\n");
  mkdirSync(file("folder"));
  const huge = openSync(file("huge.pb"), "w");
  ftruncateSync(huge, 600e6);
  closeSync(huge);
  const expected: Record<string, RegExp> = {
    "empty.pb.gz": /is not a profile that Flameline can read: it is empty\. Open a pprof file/,
    "garbage.pb.gz": /is not a profile that Flameline can read/,
    "gzip.pb.gz": /is not a profile that Flameline can read: its compressed data is damaged/,
    "poem.txt": /is not a profile that Flameline can read/,
    folder: /is not a profile that Flameline can read: it is a folder/,
    "huge.pb": /is too large to read: 600 MB of at most 512 MB/,
    "missing.pb.gz": /There is no file .*missing\.pb\.gz\. Check the name/,
  };
  for (const [name, sentence] of Object.entries(expected)) {
    for (const args of [
      ["report", file(name)],
      ["export", file(name), "--to", "collapsed", "-o", file("out")],
    ]) {
      const { status, stdout, stderr } = await flameline(args, { env: {} });
      expect(stderr, args.join(" ")).toMatch(sentence);
      expect(stderr, args.join(" ")).not.toMatch(/\n\s+at /);
      expect(stdout, args.join(" ")).toBe("");
      expect(status, args.join(" ")).toBe(2);
      expect(existsSync(file("out")), args.join(" ")).toBe(false);
    }
  }
});

test("a profile that was cut off is read as far as it goes, and that is said", async () => {
  const whole = path.join(scratch.path, "whole.txt");
  const profile = path.join(scratch.path, "run.pb.gz");
  writeFileSync(whole, Array.from({ length: 3000 }, (_, i) => `main;part${i % 60};step${i} ${(i % 7) + 1}`).join("\n"));
  expect((await flameline(["export", whole, "--to", "pprof", "-o", profile], { env: {} })).status).toBe(0);
  const before = await readReport(profile);
  truncateSync(profile, Math.floor(lstatSync(profile).size * 0.8));
  const { status, stdout, stderr } = await flameline(["report", profile, "--json"], { env: {} });
  expect(stderr).toMatch(/flameline: The file is truncated or damaged/);
  expect(status).toBe(0);
  const after = JSON.parse(stdout);
  expect(after.samples).toBeGreaterThan(0);
  expect(after.samples).toBeLessThan(before.samples);
});

test("a file that may not be read or written is said to be", async () => {
  test.skip(WHY_NOT !== undefined, "root is needed to become a user who may not");
  const closed = path.join(scratch.path, "closed.txt");
  writeFileSync(closed, "main;work 3\n", { mode: 0o600 });
  const bundle = readableBundle(scratch.path);
  const as = { uid: STRANGER, gid: STRANGER, bundle, env: { HOME: "/" } };
  const unreadable = await flameline(["report", closed], as);
  expect(unreadable.stderr).toMatch(/is not a profile that Flameline can read: .*permission denied/);
  expect(unreadable.status).toBe(2);
  chmodSync(closed, 0o644);
  const unwritable = await flameline(["export", closed, "--to", "pprof", "-o", "/proc/version"], as);
  expect(unwritable.stderr).toMatch(/\/proc\/version could not be written: /);
  expect(unwritable.status).toBe(2);
});

test("a mistyped command line is answered in one sentence with the nearest name", async () => {
  const mistakes: [string[], RegExp][] = [
    [["recrod"], /There is no command recrod\. Did you mean .*record/],
    [["record", "--second", "3"], /There is no option --second\. Did you mean .*--seconds/],
    [["record", "--hz", "1000"], /--hz takes a whole number from 1 to 999, not 1000\./],
    [["record", "--seconds", "soon"], /--seconds takes a number .*, not soon\./],
    [["record", "--pid"], /--pid needs a value\./],
    [["record", "--pid", "1", "--", "true"], /Give one of --pid, --workspace and -- COMMAND\./],
    [["record", "python3", "app.py"], /Write -- before the command to start/],
    [["record", "--events", "gpu"], /There is no event gpu\./],
    [["record", "--workspace", "/nowhere"], /There is no folder \/nowhere\./],
    [["report"], /Name the profile to read\./],
    [["report", "x", "--by", "lines"], /There is no way to sort by lines\. Did you mean .*line/],
    [["export", "x", "--to", "pproff", "-o", "y"], /pproff cannot be written\. Did you mean .*pprof/],
    [["export", "x", "--to", "pprof"], /Name the file to write with -o/],
    [["helper", "statsu"], /Did you mean .*status/],
  ];
  for (const [args, sentence] of mistakes) {
    const { status, stdout, stderr } = await flameline(args, { cwd: scratch.path, env: {} });
    expect(stderr, args.join(" ")).toMatch(sentence);
    expect(stderr.trim().split("\n"), args.join(" ")).toHaveLength(1);
    expect(stdout, args.join(" ")).toBe("");
    expect(status, args.join(" ")).toBe(2);
  }
});

/** How many perf events a process has open. */
function eventsOf(pid: number): number {
  const { stdout } = spawnSync("sh", ["-c", `ls -l /proc/${pid}/fd 2>/dev/null | grep -c perf_event`], { encoding: "utf8" });
  return Number(stdout);
}
