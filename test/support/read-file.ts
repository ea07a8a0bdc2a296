/** Reading profiles through the one entry that all programs use. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { atOnce } from "../../profile/steps.js";
import { readProfile, type ReadProfile } from "../../profile-files/read-profile.js";

/** A real file of another tool. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/profiles/${name}`, import.meta.url));
}

/** Throws an Error with what could not be read. */
export function readFileAt(path: string): Promise<ReadProfile> {
  return readProfile(path, {
    errorOf: (_, failure) => new Error(failure.kind === "not-a-profile" ? `not-a-profile: ${failure.detail}` : failure.kind),
    drive: atOnce,
  });
}

export async function readText(bytes: Uint8Array | string, name = "profile"): Promise<ReadProfile> {
  const folder = mkdtempSync(join(tmpdir(), "flameline-file-"));
  try {
    writeFileSync(join(folder, name), bytes);
    return await readFileAt(join(folder, name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
