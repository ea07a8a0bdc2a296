import type { Files } from "../files.js";
import { isInside } from "../paths.js";

/**
 * Files in a workspace that pip put there (`pip install --target FOLDER`, as for a Lambda function or a vendored tool). Beside them lies a
 * `NAME-VERSION.dist-info` whose RECORD lists each, so the user's own files in the same folder stay the user's:
 * https://packaging.python.org/en/latest/specifications/recording-installed-packages/
 */
export class InstalledFiles {
  readonly #files: Files;
  readonly #folders: readonly string[];
  readonly #looked = new Map<string, Promise<void>>();
  readonly #installed = new Set<string>();

  constructor(files: Files, folders: readonly string[]) {
    this.#files = files;
    this.#folders = folders;
  }

  /** Whether a file is listed; only of paths that {@link look} has seen. */
  has(path: string): boolean {
    return this.#installed.has(path);
  }

  /** Reads what lies beside a path of the workspace and beside the folders above it, each folder once. */
  async look(path: string): Promise<void> {
    const roots = this.#folders.filter((folder) => isInside(path, folder)).map(({ length }) => length);
    if (roots.length === 0 || !path.endsWith(".py")) {
      return;
    }
    // The innermost: an installed package that is itself opened is the user's own.
    const rootLength = Math.max(...roots);
    const looks: Promise<void>[] = [];
    for (let end = path.lastIndexOf("/"); end >= rootLength && end > 0; end = path.lastIndexOf("/", end - 1)) {
      const folder = path.slice(0, end);
      const known = this.#looked.get(folder) ?? this.#read(folder);
      this.#looked.set(folder, known);
      looks.push(known);
    }
    await Promise.all(looks);
  }

  async #read(folder: string): Promise<void> {
    const entries = (await this.#files.list?.(folder)) ?? [];
    const packages = entries.filter(({ name, isFolder }) => isFolder && name.endsWith(".dist-info"));
    await Promise.all(
      packages.map(async ({ name }) => {
        const record = (await this.#files.readText(`${folder}/${name}/RECORD`)) ?? "";
        for (const row of record.split("\n")) {
          // A path with a comma stands in quotes. Scripts lie outside (`../../bin/tool`).
          const listed = /^"([^"]+)"|^([^,]+)/.exec(row.trimEnd());
          const file = listed?.[1] ?? listed?.[2];
          if (file !== undefined && !file.startsWith("/") && !file.split("/").includes("..")) {
            this.#installed.add(`${folder}/${file}`);
          }
        }
      }),
    );
  }
}
