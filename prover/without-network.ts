/**
 * Runs code under proof where there is no network at all, for native code that no guard inside of the process sees: in a network namespace of its own, which has no
 * interface that is up. Needs `unshare` of util-linux and a kernel that lets the user do so; else the guards by name are all there is, and the record says so.
 * Unix sockets are files, and stay: there the guards of the harnesses refuse known drivers by name.
 */
import { runForStatus } from "./run-limited.js";

/** As root without a namespace of users, in which root would lose what files of others it may read. */
const WAYS: readonly (readonly string[])[] = [
  ["unshare", "--net", "--"],
  ["unshare", "--user", "--map-current-user", "--net", "--"],
];

/** What to put before a command; empty where there is no way. */
export async function networkless(
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  for (const way of WAYS) {
    const [command = "", ...given] = way;
    const run = { command, arguments: [...given, "true"], folder: "/", environment, input: "", seconds: 5, signal };
    const status = await runForStatus(run).catch(() => undefined);
    signal.throwIfAborted();
    if (status === 0) return way;
  }
  return [];
}

/** How the record says it, behind the conditions of the calls. */
export function saidOf(way: readonly string[]): string {
  return way.length > 0 ? "without a network" : "the network refused by name only, since this system gives no namespace without one";
}
