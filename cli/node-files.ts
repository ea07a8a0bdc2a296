import { readdir, readFile, realpath, stat } from "node:fs/promises";
import type { Files } from "../source/files.js";

/** Larger files hold no source, bytes. */
const MAX_TEXT_BYTES = 32e6;

/** The disk, as `source/` reads it; what cannot be read does not exist. */
export const nodeFiles: Files = {
  readText: (path) => orNothing(async () => ((await stat(path)).size > MAX_TEXT_BYTES ? undefined : readFile(path, "utf8"))),
  stat: (path) =>
    orNothing(async () => {
      const found = await stat(path);
      return { mtimeMs: found.mtimeMs, size: found.size, isFile: found.isFile() };
    }),
  realpath: async (path) => (await orNothing(() => realpath(path))) ?? path,
  list: (folder) =>
    orNothing(async () => {
      const entries = await readdir(folder, { withFileTypes: true });
      return entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
    }),
};

async function orNothing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}
