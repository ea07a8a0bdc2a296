import { open, rename, rm } from "node:fs/promises";
import { ServerError, reasonOf } from "./failures.js";

let counter = 0;

/**
 * Writes a file so that a crash at any point leaves either the old content or the new one: a neighbour is written,
 * flushed to the disk and renamed over it. Throws a {@link ServerError} when that fails.
 */
export async function writeAtomically(path: string, data: Uint8Array | string): Promise<void> {
  counter += 1;
  const neighbour = `${path}.${process.pid}-${counter}.part`;
  try {
    const file = await open(neighbour, "wx", 0o600);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(neighbour, path);
  } catch (error) {
    await rm(neighbour, { force: true }).catch(() => undefined);
    throw new ServerError({ kind: "not-written", path, reason: reasonOf(error) });
  }
}
