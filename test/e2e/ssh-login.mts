/** A real sshd on loopback with its own configuration and keys, and what it takes to run a program through it. */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import * as path from "node:path";
import { expect } from "@playwright/test";
import { freePort } from "../../scripts/vscode-server.mjs";

/** sshd wants it, and Debian makes it only when its service starts. */
const PRIVILEGE_SEPARATION = "/run/sshd";

export interface SshLogin {
  /** The command line that runs another one as the user, with a port of that side forwarded to one of this side. */
  readonly commandLine: (inner: readonly string[], forward: { readonly here: number; readonly there: number }) => string[];
  readonly stop: () => void;
}

/** Starts sshd for one user, who logs in with a key that lives as long as this. */
export async function startSshLogin(user: string): Promise<SshLogin> {
  const folder = mkdtempSync("/tmp/flameline-ssh-");
  chmodSync(folder, 0o755);
  const file = (name: string) => path.join(folder, name);
  for (const name of ["host", "client"]) {
    must("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", `flameline ${name}`, "-f", file(name)]);
  }
  const port = await freePort();
  writeFileSync(file("authorized_keys"), readFileSync(file("client.pub")), { mode: 0o644 });
  writeFileSync(file("known_hosts"), `[127.0.0.1]:${port} ${readFileSync(file("host.pub"), "utf8")}`);
  const config = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${file("host")}`,
    `AuthorizedKeysFile ${file("authorized_keys")}`,
    `AllowUsers ${user}`,
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "UsePAM no",
    "PidFile none",
    // The folder lies in /tmp, which everybody may write to.
    "StrictModes no",
  ];
  writeFileSync(file("sshd_config"), `${config.join("\n")}\n`);
  const madeFolder = !existsSync(PRIVILEGE_SEPARATION);
  mkdirSync(PRIVILEGE_SEPARATION, { recursive: true, mode: 0o755 });
  const sshd = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", file("sshd_config")], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  sshd.stderr.on("data", (chunk: Buffer) => {
    log += chunk.toString();
  });
  await expect.poll(() => listens(port), { message: `sshd listens on port ${port}: ${log}`, timeout: 20_000 }).toBe(true);
  return {
    commandLine: (inner, { here, there }) => {
      const options = [
        "IdentitiesOnly=yes",
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        `UserKnownHostsFile=${file("known_hosts")}`,
        "ExitOnForwardFailure=yes",
      ];
      const forward = `127.0.0.1:${here}:127.0.0.1:${there}`;
      const quoted = inner.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
      const flags = ["-F", "none", "-i", file("client"), "-p", String(port), "-L", forward, ...options.flatMap((option) => ["-o", option])];
      return ["ssh", ...flags, `${user}@127.0.0.1`, quoted];
    },
    stop: () => {
      sshd.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
      if (madeFolder) {
        rmSync(PRIVILEGE_SEPARATION, { recursive: true, force: true });
      }
    },
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("close", () => socket.destroy());
    socket.once("connect", () => socket.end());
  });
}

function must(command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) {
    throw new Error(`${command} failed: ${stderr}`);
  }
}
