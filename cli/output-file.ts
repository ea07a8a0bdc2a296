/** Writing a result: whole or not at all, and never through a link that someone else has put there. */
import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { FlamelineError } from "../recorder/failures.js";
import type { Identity } from "../recorder/identity.js";

/** Writes a file by renaming a new one over it. `owner` gets it where root writes for a user. Throws `file-not-written`. */
export async function writeOutput(
  path: string,
  data: Uint8Array | string | readonly (Uint8Array | string)[],
  owner?: Identity,
): Promise<void> {
  const next = `${path}.${randomBytes(4).toString("hex")}`;
  try {
    const file = await open(next, "wx", 0o644);
    try {
      if (owner !== undefined) await file.chown(owner.uid, owner.gid);
      // Also in parts: a long text is no single string.
      if (typeof data === "string" || data instanceof Uint8Array) await file.writeFile(data);
      else for (const part of data) await file.writeFile(part);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(next, path);
  } catch (error) {
    await rm(next, { force: true }).catch(() => undefined);
    throw new FlamelineError({ kind: "file-not-written", path, detail: error instanceof Error ? error.message : String(error) }, error);
  }
}
