import { spawnSync } from "node:child_process";
import { chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeScratchFolder } from "../../../recorder/scratch-folder.js";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "flameline-test-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const make = (parent = home) => makeScratchFolder({ XDG_RUNTIME_DIR: parent }, (folder) => folder);

test("lies in the user's run-time folder and is for this user only", () => {
  const folder = make();
  expect(folder.replace(home, "RUN").replace(/\w{6}$/, "XXXXXX")).toBe(`RUN/.flameline-${process.pid}-XXXXXX`);
  expect(lstatSync(folder).mode & 0o777).toBe(0o700);
});

test("lies elsewhere where the run-time folder is missing or doesn't serve, and leaves nothing there", () => {
  const missing = make(join(home, "missing"));
  expect(missing.startsWith(join(tmpdir(), ".flameline-"))).toBe(true);
  rmSync(missing, { recursive: true });
  const other = makeScratchFolder({ XDG_RUNTIME_DIR: home }, (folder) => {
    if (folder.startsWith(home)) throw new Error("noexec");
    return folder;
  });
  expect(readdirSync(home)).toEqual([]);
  rmSync(other, { recursive: true });
});

test("says why where none serves", () => {
  const refuse = () => {
    throw new Error("noexec");
  };
  expect(() => makeScratchFolder({ XDG_RUNTIME_DIR: home }, refuse)).toThrow("noexec");
});

test("removes what killed processes have left, and nothing else", () => {
  const dead = spawnSync("true").pid;
  const [killed, alive, own] = [`.flameline-${dead}-AbCdEf`, `.flameline-${process.ppid}-AbCdEf`, make()];
  for (const name of [killed, alive]) mkdirSync(join(home, name));
  writeFileSync(join(home, killed, "askpass"), "");
  mkdirSync(join(home, "precious"));
  writeFileSync(join(home, "precious", "file"), "");
  symlinkSync(join(home, "precious"), join(home, `.flameline-${dead}-LinkED`));
  mkdirSync(join(home, `.flameline-${dead}-mine-too`));
  make();
  expect(existsSync(join(home, killed))).toBe(false);
  for (const kept of [join(home, alive), own, join(home, "precious", "file"), join(home, `.flameline-${dead}-mine-too`)]) {
    expect(existsSync(kept), kept).toBe(true);
  }
});

test.skipIf(process.getuid?.() !== 0)("does not lie in a folder of another user, who could put another in its place", () => {
  chownSync(home, 65_534, 65_534);
  const folder = make();
  rmSync(folder, { recursive: true });
  expect(folder.startsWith(home)).toBe(false);
});
