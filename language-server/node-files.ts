import { readdir, readFile, realpath, stat } from "node:fs/promises";
import type { Files } from "../source/files.js";

/** Source files and source maps above this size, in bytes, are not read: no editor shows numbers in them either. */
const MAX_TEXT_BYTES = 32 * 1024 * 1024;

/** The files of this machine; whatever cannot be read does not exist. */
export const nodeFiles: Files = {
  async readText(path) {
    try {
      const { size } = await stat(path);
      return size > MAX_TEXT_BYTES ? undefined : await readFile(path, "utf8");
    } catch {
      return undefined;
    }
  },
  async stat(path) {
    try {
      const found = await stat(path);
      return { mtimeMs: found.mtimeMs, size: found.size, isFile: found.isFile() };
    } catch {
      return undefined;
    }
  },
  async realpath(path) {
    try {
      return await realpath(path);
    } catch {
      return path;
    }
  },
  async list(folder) {
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      return entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
    } catch {
      return undefined;
    }
  },
};
