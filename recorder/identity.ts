/** The user behind `sudo`: commands that root starts for a user run as that user, and files written for one belong to that user. */
import { helperUid, type Machine } from "./machine.js";

export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
  /** What sudo replaced with root's: HOME, USER, LOGNAME. */
  readonly env: Readonly<Record<string, string>>;
}

/** The identity behind sudo or pkexec; undefined when this process is not root or root itself asked. */
export function identityBehindSudo(machine: Machine): Identity | undefined {
  const uid = helperUid(machine);
  if (machine.uid !== 0 || uid === 0) return undefined;
  const account = findAccount(machine.readText("/etc/passwd") ?? "", uid);
  const gid = account?.gid ?? Number(machine.env["SUDO_GID"] ?? uid);
  if (account === undefined) return { uid, gid, groups: [gid], env: {} };
  const groups = findGroups(machine.readText("/etc/group") ?? "", account.name);
  return { uid, gid, groups: [...new Set([gid, ...groups])], env: { HOME: account.home, USER: account.name, LOGNAME: account.name } };
}

/** setpriv(1) sets all three in one exec, so the process keeps its pid; node's own `uid` option drops the groups. */
export function setprivArguments(identity: Identity): readonly string[] {
  return ["setpriv", `--reuid=${identity.uid}`, `--regid=${identity.gid}`, `--groups=${identity.groups.join(",")}`, "--"];
}

function findAccount(passwd: string, uid: number): { name: string; gid: number; home: string } | undefined {
  for (const line of passwd.split("\n")) {
    const [name, , id, gid, , home] = line.split(":");
    if (name !== undefined && home !== undefined && id === String(uid)) return { name, gid: Number(gid), home };
  }
  return undefined;
}

function findGroups(groups: string, name: string): readonly number[] {
  return groups
    .split("\n")
    .map((line) => line.split(":"))
    .filter(([, , , members]) => members?.split(",").includes(name) === true)
    .map(([, , gid]) => Number(gid));
}
