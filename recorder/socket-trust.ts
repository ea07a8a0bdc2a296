/**
 * Who owns the helper's socket. The helper is root and is told what to record, so the client must be sure that the
 * other end is the helper: only root can have put a socket into a folder that root owns and nobody else may write.
 */
import { lstatSync, type Stats } from "node:fs";
import { join } from "node:path";
import { foreignRoot, type Machine } from "./machine.js";

export type SocketState =
  | { readonly kind: "absent"; readonly path: string }
  | { readonly kind: "trusted"; readonly path: string }
  | { readonly kind: "untrusted"; readonly path: string; readonly reason: string };

/** The sockets to try, first the system service's, then the one launched for `uid`. */
export function socketPaths(machine: Machine, uid: number): { service: string; user: string } {
  return { service: join(machine.socketFolder, "helper.sock"), user: join(machine.socketFolder, String(uid), "helper.sock") };
}

/**
 * Looks at a socket and at the folders above it, from the socket folder down, without following a symbolic link.
 * `uid` is whose helper it should be: a socket of that user or of root is trusted.
 */
export function inspectSocket(machine: Machine, path: string, uid: number): SocketState {
  const owners = [machine.socketFolderOwner, foreignRoot(machine)].filter((owner) => owner !== undefined);
  const below = path.slice(machine.socketFolder.length + 1).split("/");
  let folder = machine.socketFolder;
  for (const part of below) {
    const stats = lstatOrNothing(folder);
    if (stats === undefined) return { kind: "absent", path };
    const reason = folderFault(stats, owners);
    if (reason !== undefined) return { kind: "untrusted", path: folder, reason };
    folder = join(folder, part);
  }
  const stats = lstatOrNothing(path);
  if (stats === undefined) return { kind: "absent", path };
  if (stats.isSymbolicLink()) return { kind: "untrusted", path, reason: "it is a symbolic link" };
  if (!stats.isSocket()) return { kind: "untrusted", path, reason: "it is not a socket" };
  if (!owners.includes(stats.uid) && stats.uid !== uid) return { kind: "untrusted", path, reason: `it belongs to user ${stats.uid}` };
  return { kind: "trusted", path };
}

function folderFault(stats: Stats, owners: readonly number[]): string | undefined {
  if (stats.isSymbolicLink()) return "it is a symbolic link";
  if (!stats.isDirectory()) return "it is not a folder";
  if (!owners.includes(stats.uid)) return `it belongs to user ${stats.uid}, not to root`;
  if ((stats.mode & 0o022) !== 0) return "others than root may write to it";
  return undefined;
}

function lstatOrNothing(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}
