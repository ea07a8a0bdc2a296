/** The project's libraries beside the copy of its workspace: linked one by one, so that what is written among them stays in the copy. */
import { mkdir, readdir, readlink, symlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { isBelow } from "./python-command.js";

/** Hidden folders among the libraries are caches, but for those. */
const HIDDEN = new Set([".bin", ".pnpm"]);
/** Packages of a workspace lie in it that deep at most. */
const DEEPEST = 4;

/** Links the libraries of `root` and of the packages in it into `copy`, and those of the folders around `root` into the folder around `copy`. */
export async function linkModules(root: string, copy: string): Promise<void> {
  await linkBelow(root, copy, root, copy, 0);
  for (let at = dirname(root); at !== dirname(at); at = dirname(at)) {
    if (await linkFolder(join(at, "node_modules"), join(dirname(copy), "node_modules"), root, copy)) return;
  }
}

async function linkBelow(folder: string, copied: string, root: string, copy: string, depth: number): Promise<void> {
  await linkFolder(join(folder, "node_modules"), join(copied, "node_modules"), root, copy);
  if (depth >= DEEPEST) return;
  // What was not copied needs no libraries.
  for (const entry of await readdir(copied, { withFileTypes: true })) {
    if (entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules") {
      await linkBelow(join(folder, entry.name), join(copied, entry.name), root, copy, depth + 1);
    }
  }
}

/** Answers whether there was such a folder. */
async function linkFolder(from: string, to: string, root: string, copy: string): Promise<boolean> {
  const entries = await readdir(from, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return false;
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const entry of entries) {
    const [source, link] = [join(from, entry.name), join(to, entry.name)];
    if (entry.name.startsWith("@") && entry.isDirectory()) await linkFolder(source, link, root, copy);
    else if (!entry.name.startsWith(".") || HIDDEN.has(entry.name))
      await symlink(await meant(source, entry.isSymbolicLink(), root, copy), link);
  }
  return true;
}

/** A package of the workspace itself is that of the copy. */
async function meant(source: string, isLink: boolean, root: string, copy: string): Promise<string> {
  const target = isLink ? resolve(dirname(source), await readlink(source)) : source;
  return isLink && isBelow(target, root) && !target.includes("/node_modules/") ? join(copy, target.slice(root.length)) : source;
}
