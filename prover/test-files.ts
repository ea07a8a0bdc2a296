import { readdir, readFile } from "node:fs/promises";
import { basename, extname, join, relative } from "node:path";

const TEST = /\.(test|spec)\.[cm]?[jt]sx?$/;
/** In folders with such a name every script is one. */
const TESTS_FOLDER = /^(test|tests|__tests__)$/;
const SCRIPT = /\.[cm]?[jt]sx?$/;

/** Files of tests below a folder, relative to it: first those that name the file under proof. */
export async function testFiles(folder: string, file: string): Promise<string[]> {
  const found: string[] = [];
  await find(folder, false, found);
  const name = basename(file, extname(file));
  const named = await Promise.all(found.map(async (each) => (await readFile(each, "utf8").catch(() => "")).includes(name)));
  const order = found.map((each, at) => ({ each, first: named[at] === true }));
  return [...order.filter(({ first }) => first), ...order.filter(({ first }) => !first)].map(({ each }) => relative(folder, each));
}

async function find(folder: string, isOfTests: boolean, found: string[]): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith(".")) {
      await find(path, isOfTests || TESTS_FOLDER.test(entry.name), found);
    } else if (entry.isFile() && (TEST.test(entry.name) || (isOfTests && SCRIPT.test(entry.name)))) found.push(path);
  }
}
