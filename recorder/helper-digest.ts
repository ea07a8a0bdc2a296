/** Digests of the helper's binary: what is run as root and what is installed is what the package holds. */
import { createHash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { FlamelineError } from "./failures.js";

/** SHA-256 of a file, in hexadecimal. Throws what reading throws. */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** The digest that the build wrote beside the helper; undefined for a helper that no build of ours made. */
function packagedDigest(helperPath: string): string | undefined {
  try {
    return /^[0-9a-f]{64}/.exec(readFileSync(`${helperPath}.sha256`, "utf8"))?.[0];
  } catch {
    return undefined;
  }
}

/** The helper's digest. Throws `helper-missing`, and `helper-damaged` where it is not the one that the build wrote. */
export async function checkedDigest(helperPath: string): Promise<string> {
  let digest: string;
  try {
    digest = await digestOf(helperPath);
  } catch (error) {
    throw new FlamelineError({ kind: "helper-missing", path: helperPath }, error);
  }
  if ((packagedDigest(helperPath) ?? digest) !== digest) throw new FlamelineError({ kind: "helper-damaged", path: helperPath });
  return digest;
}
