// What the tests change on the machine: Debian packages and two users. Only as root; all but the packages is undone.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { has, isRoot } from "./shell.mjs";

/** Debian package by the program or file that it brings. */
const PACKAGES = {
  chromium: "chromium",
  sudo: "sudo",
  sshd: "openssh-server",
  ssh: "openssh-client",
  pip3: "python3-pip",
  gcc: "gcc",
  "g++": "g++",
  setpriv: "util-linux",
  addr2line: "binutils",
  bpftool: "bpftool",
  strace: "strace",
  curl: "curl",
  "systemd-analyze": "systemd",
  "systemd-nspawn": "systemd-container",
  mmdebstrap: "mmdebstrap",
  "qemu-system-x86_64": "qemu-system-x86",
  "qemu-aarch64-static": "qemu-user-static",
  xz: "xz-utils",
  mke2fs: "e2fsprogs",
  perl: "perl",
  php: "php-cli",
  erl: "erlang-base",
  "/usr/include/zlib.h": "zlib1g-dev",
  "/usr/include/nlohmann/json.hpp": "nlohmann-json3-dev",
};

/** Toolchains, whose source and version are the developer's choice, by the program that stands for each: none of them is installed here. */
const TOOLCHAINS = {
  go: "Go 1.26 or newer (https://go.dev/dl), for the helper",
  javac: "a JDK, 17 or newer, for the Java example",
  mvn: "Maven, for the Java example",
  cargo: "Rust with cargo (https://rustup.rs), for the Rust example",
};

/** For a second run of the tests on one machine at a time: each run makes and removes its own users. */
const SUFFIX = process.env.FLAMELINE_TEST_USER_SUFFIX ?? "";
/** Has a sudo rule that asks for its password. */
export const TEST_USER = `flameline-test${SUFFIX}`;
/** Has no sudo rule at all. */
export const NO_SUDO_USER = `flameline-nosudo${SUFFIX}`;

/** @returns {string | undefined} why the machine can't be prepared */
export function whyNotPrepared() {
  return isRoot ? undefined : "not root: run `sudo npm test`, or `npm test -- --prepare-machine` where you may use sudo";
}

/** Installs the Debian packages whose programs are missing. */
export function installPackages() {
  const missing = Object.entries(PACKAGES).filter(([each]) =>
    each.startsWith("/") ? !existsSync(each) : !has(each) && !existsSync(`/usr/sbin/${each}`),
  );
  if (missing.length === 0) {
    return;
  }
  const names = [...new Set(missing.map(([, name]) => name))];
  if (!isRoot || !has("apt-get")) {
    console.log(`These Debian packages are missing, and so are the tests that need them: ${names.join(" ")}`);
    return;
  }
  console.log(`Installing Debian packages: ${names.join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const stdio = /** @type {const} */ (["ignore", "ignore", "inherit"]);
  spawnSync("apt-get", ["update", "-qq"], { env, stdio });
  if (spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...names], { env, stdio }).status !== 0) {
    console.log(`apt-get could not install them; install them by hand: apt-get install ${names.join(" ")}`);
  }
}

/** Says which toolchains are missing, before anything runs: the tests that need them are skipped. */
export function sayMissingToolchains() {
  for (const [program, what] of Object.entries(TOOLCHAINS)) {
    if (!has(program)) {
      console.log(`${program} is not installed, so the tests that need it are skipped. Install ${what}.`);
    }
  }
}

/**
 * Makes a user afresh, with a password where it may use sudo.
 * @param {string} name
 * @param {{ sudo: boolean }} options
 * @returns {{ name: string, uid: number, gid: number, home: string, password: string }}
 */
export function createUser(name, { sudo }) {
  removeUser(name);
  must("useradd", ["--create-home", "--shell", "/bin/bash", name]);
  const password = randomBytes(9).toString("base64url");
  const set = spawnSync("chpasswd", { input: `${name}:${password}\n` });
  if (set.status !== 0) {
    throw new Error(`chpasswd failed for ${name}`);
  }
  if (sudo) {
    // Asked every time: a remembered password would hide a broken prompt.
    writeFileSync(sudoersFile(name), `Defaults:${name} timestamp_timeout=0\n${name} ALL=(ALL:ALL) ALL\n`, { mode: 0o440 });
  }
  const [, , uid, gid, , home] = must("getent", ["passwd", name]).trim().split(":");
  return { name, uid: Number(uid), gid: Number(gid), home, password };
}

/** @param {string} name */
export function removeUser(name) {
  rmSync(sudoersFile(name), { force: true });
  if (spawnSync("id", [name], { stdio: "ignore" }).status === 0) {
    spawnSync("pkill", ["-KILL", "-u", name]);
    spawnSync("userdel", ["--remove", "--force", name], { stdio: "ignore" });
  }
}

function sudoersFile(name) {
  return `/etc/sudoers.d/${name}`;
}

function must(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) {
    throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
  }
  return stdout;
}
