/** Debug information by build id: an ordinary user's command, the real helper, a real server on this machine. */
import { spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { expect, test } from "@playwright/test";
import { startHelper } from "../../scripts/helper.mjs";
import { has } from "../../scripts/shell.mjs";
import { flameline, OWN_UID, readableBundle, readReport, scratchFolder, WHY_NOT } from "../support/flameline.mjs";
import { runProgram, sleep } from "../support/programs.mjs";

const UID = OWN_UID + 5;
const SOURCE = `static volatile unsigned long sink;
static __attribute__((noinline)) void stir(long n) {
  for (long i = 0; i < n; i++)
    sink += i * i;
}
int main(void) { for (;;) stir(1000000); }
`;
const HOT = { from: 2, to: 5 };

let scratch: ReturnType<typeof scratchFolder>;
let bundle: string;
let helper: Awaited<ReturnType<typeof startHelper>>;
let program: ReturnType<typeof runProgram>;
let buildId: string;
let debugFile: string;
const servers: ReturnType<typeof createServer>[] = [];

test.beforeAll(async () => {
  test.skip(WHY_NOT !== undefined, WHY_NOT);
  test.skip(!has("gcc") || !has("objcopy") || !has("readelf"), "gcc and binutils are not installed");
  scratch = scratchFolder();
  bundle = readableBundle(scratch.path);
  writeFileSync(path.join(scratch.path, "stir.c"), SOURCE);
  const binary = path.join(scratch.path, "stir");
  debugFile = path.join(scratch.path, "stir.debug");
  for (const command of [
    ["gcc", "-O1", "-g", "-Wl,--build-id", "-o", binary, path.join(scratch.path, "stir.c")],
    ["objcopy", "--only-keep-debug", binary, debugFile],
    ["strip", binary],
  ]) {
    expect(spawnSync(command[0] ?? "", command.slice(1), { encoding: "utf8" })).toMatchObject({ status: 0 });
  }
  buildId = /Build ID: (\w+)/.exec(spawnSync("sh", ["-c", `readelf -n ${binary}`], { encoding: "utf8" }).stdout)?.[1] ?? "";
  program = runProgram([binary], { uid: UID, gid: UID });
  helper = await startHelper(UID);
});
test.afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
test.afterAll(async () => {
  program?.stop();
  await helper?.stop();
  scratch?.remove();
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function record(
  env: Record<string, string>,
  home = "home",
): Promise<{ stderr: string; hot: { function: string; file: string | null; line: number | null } }> {
  const folder = path.join(scratch.path, home);
  if (!existsSync(folder)) {
    mkdirSync(folder);
    chownSync(folder, UID, UID);
  }
  const profile = path.join(folder, "run.pb.gz");
  const options = { cwd: folder, env: { SUDO_UID: "", HOME: folder, DEBUGINFOD_URLS: "", ...env }, uid: UID, gid: UID, bundle };
  const run = await flameline(["record", "-o", profile, "--seconds", "2", "--pid", String(program.pid)], options);
  expect(run.status, run.stderr).toBe(0);
  const [hot] = (await readReport(profile)).rows;
  if (hot === undefined) throw new Error(`nothing was recorded: ${run.stderr}`);
  return { stderr: run.stderr, hot };
}

test("a stripped program's lines come from the server that the user names, and then from the cache", async () => {
  test.setTimeout(120_000);
  expect((await record({})).hot).toMatchObject({ function: "[stir]", line: null });
  const asked: string[] = [];
  const url = await serve((request, response) => {
    asked.push(request.url ?? "");
    // Slower than the recording, whose end waits for it.
    if (request.url === `/buildid/${buildId}/debuginfo`) void sleep(3_000).then(() => response.end(readFileSync(debugFile)));
    else response.writeHead(404).end();
  });
  const first = await record({ DEBUGINFOD_URLS: url });
  expect(first.hot).toMatchObject({ function: "stir", file: path.join(scratch.path, "stir.c") });
  expect(first.hot.line).toBeGreaterThanOrEqual(HOT.from);
  expect(first.hot.line).toBeLessThanOrEqual(HOT.to);
  expect(first.stderr).toContain("flameline: debug information of 1 file was downloaded.");
  expect(asked.filter((each) => each.includes(buildId))).toHaveLength(1);
  const kept = path.join(scratch.path, "home/.cache/debuginfod_client", buildId, "debuginfo");
  expect(statSync(kept).uid).toBe(UID);
  const second = await record({ DEBUGINFOD_URLS: "http://127.0.0.1:9" });
  expect(second.hot).toMatchObject({ function: "stir" });
});

test("what a user lays in the cache opens nothing that the user can't read, and ends nobody's recording", async () => {
  test.setTimeout(180_000);
  // A helper of its own, as the other one knows the names by now.
  await helper.stop();
  helper = await startHelper(UID);
  const cache = path.join(scratch.path, "attack");
  const file = path.join(cache, buildId, "debuginfo");
  mkdirSync(path.dirname(file), { recursive: true });
  const roots = path.join(scratch.path, "roots.debug");
  writeFileSync(roots, readFileSync(debugFile), { mode: 0o600 });
  for (const lay of [
    () => symlinkSync(roots, file),
    () => expect(spawnSync("sh", ["-c", `mkfifo -m 666 ${file}`])).toMatchObject({ status: 0 }),
    () => writeFileSync(file, readFileSync(debugFile), { mode: 0o600 }),
    () => {
      writeFileSync(file, readFileSync("/bin/true"));
      chownSync(file, UID, UID);
    },
    () => {
      writeFileSync(file, readFileSync(debugFile).fill(0xff, 64));
      chownSync(file, UID, UID);
    },
  ]) {
    rmSync(file, { force: true });
    lay();
    const { hot, stderr } = await record({ DEBUGINFOD_URLS: "http://127.0.0.1:9", DEBUGINFOD_CACHE_PATH: cache }, "attacker");
    expect(hot, stderr).toMatchObject({ function: "[stir]", line: null });
  }
  rmSync(file, { force: true });
  writeFileSync(file, readFileSync(debugFile));
  chownSync(file, UID, UID);
  const { hot } = await record({ DEBUGINFOD_URLS: "http://127.0.0.1:9", DEBUGINFOD_CACHE_PATH: cache }, "attacker");
  expect(hot).toMatchObject({ function: "stir" });
});
