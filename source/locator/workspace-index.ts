import type { Files } from "../files.js";
import { baseName, isInside, normalize } from "../paths.js";

/** Not entered: dependencies, version control and build output. Sources are found there by their recorded path alone. */
const skippedFolders = new Set([
  ".git",
  ".hg",
  ".svn",
  "node_modules",
  "bower_components",
  "vendor",
  "target",
  "dist",
  "build-output",
  ".build",
  ".next",
  ".nuxt",
  ".gradle",
  ".idea",
  ".venv",
  "venv",
  "site-packages",
  "__pycache__",
  ".mypy_cache",
  ".pytest_cache",
  ".tox",
  ".nox",
  ".cache",
]);

/** Files looked at before the index gives up; a workspace of 200,000 files takes seconds to list. */
const MAX_INDEXED_FILES = 200_000;

/** The workspace's files by base name, listed when first asked for. */
export class WorkspaceIndex {
  readonly #files: Files;
  readonly #folders: readonly string[];
  readonly #limit: number;
  #paths: Promise<ReadonlyMap<string, readonly string[]>> | undefined;
  /** Says that the listing stopped early, in one sentence; undefined when it is whole or not yet made. */
  notice: string | undefined;

  constructor(files: Files, folders: readonly string[], limit: number = MAX_INDEXED_FILES) {
    this.#files = files;
    this.#folders = folders;
    this.#limit = limit;
  }

  /** Absolute paths of all files with this base name, each once. */
  async named(name: string): Promise<readonly string[]> {
    this.#paths ??= this.#list();
    return (await this.#paths).get(name) ?? [];
  }

  /**
   * The one file whose path shares the longest run of last parts with `path`. Undefined when two share equally many, and when only the
   * name is shared by a file deeper in the workspace: that says too little. `minimumParts` lowers that bar for bare names.
   */
  async longestSuffix(path: string, minimumParts = 2): Promise<string | undefined> {
    const parts = normalize(path)
      .split("/")
      .filter((part) => part !== "" && part !== "..");
    let best: string | undefined;
    let bestShared = 0;
    let tied = false;
    for (const candidate of await this.named(baseName(path))) {
      const shared = sharedTail(parts, candidate.split("/"));
      if (shared > bestShared) {
        best = candidate;
        bestShared = shared;
        tied = false;
      } else if (shared === bestShared) {
        tied = true;
      }
    }
    if (best === undefined || tied) {
      return undefined;
    }
    return bestShared >= minimumParts || bestShared >= this.#depth(best) ? best : undefined;
  }

  /** Parts of the path below its workspace folder. */
  #depth(path: string): number {
    const depths = this.#folders
      .filter((folder) => isInside(path, folder))
      .map((folder) => path.slice(folder.length).split("/").filter(Boolean).length);
    return Math.min(...depths);
  }

  async #list(): Promise<ReadonlyMap<string, readonly string[]>> {
    const paths = new Map<string, string[]>();
    const seen = new Set<string>();
    let count = 0;
    // Breadth first over all folders at once, so that a limit cuts the deepest parts only.
    let level = [...new Set(this.#folders)];
    while (level.length > 0 && count < this.#limit) {
      const next: string[] = [];
      for (const folder of level) {
        if (seen.has(folder) || count >= this.#limit) {
          continue;
        }
        seen.add(folder);
        for (const { name, isFolder } of (await this.#files.list?.(folder)) ?? []) {
          const path = folder === "/" ? `/${name}` : `${folder}/${name}`;
          if (isFolder) {
            if (!skippedFolders.has(name)) {
              next.push(path);
            }
          } else if (count < this.#limit) {
            count++;
            const same = paths.get(name);
            if (same) {
              same.push(path);
            } else {
              paths.set(name, [path]);
            }
          } else {
            this.notice = `Only the first ${this.#limit.toLocaleString("en")} files of the workspace were looked at for sources that have moved; open a smaller folder or set flameline.pathMappings.`;
          }
        }
      }
      level = next;
    }
    if (level.length > 0) {
      this.notice ??= `Only the first ${this.#limit.toLocaleString("en")} files of the workspace were looked at for sources that have moved; open a smaller folder or set flameline.pathMappings.`;
    }
    return paths;
  }
}

function sharedTail(a: readonly string[], b: readonly string[]): number {
  let shared = 0;
  while (shared < a.length && shared < b.length && a[a.length - 1 - shared] === b[b.length - 1 - shared]) {
    shared++;
  }
  return shared;
}
