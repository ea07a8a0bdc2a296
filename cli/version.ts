import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { World } from "./command.js";

/** Version of the package that the command is part of, for example "0.1.0". Throws where its package.json is missing or broken. */
export async function readVersion({ programFolder }: Pick<World, "programFolder">): Promise<string> {
  const { version } = JSON.parse(await readFile(join(programFolder, "../package.json"), "utf8")) as { readonly version?: unknown };
  if (typeof version !== "string") throw new Error("Flameline's package.json has no version.");
  return version;
}
