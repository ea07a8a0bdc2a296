// Where things are, for the scripts.
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";
import { fileURLToPath } from "node:url";

/** The top of the checkout. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** A folder for large things that are made once: readable by every user when root makes it. */
export function cacheRoot() {
  const folder =
    process.env.FLAMELINE_CACHE ??
    (process.getuid?.() === 0
      ? "/var/cache/flameline"
      : path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "flameline"));
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  return folder;
}
