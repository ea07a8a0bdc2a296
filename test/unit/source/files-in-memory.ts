import type { Files, FolderEntry } from "../../../source/files.js";

/** A disk of texts by absolute path, with symbolic links of folders, which counts what is read. */
export class FilesInMemory implements Files {
  readonly reads: string[] = [];
  stats = 0;
  readonly #texts: ReadonlyMap<string, string>;
  readonly #links: ReadonlyMap<string, string>;

  constructor(texts: Readonly<Record<string, string>> | readonly string[], links: Readonly<Record<string, string>> = {}) {
    this.#texts = new Map(Array.isArray(texts) ? texts.map((path: string) => [path, ""]) : Object.entries(texts));
    this.#links = new Map(Object.entries(links));
  }

  async readText(path: string): Promise<string | undefined> {
    this.reads.push(path);
    return this.#texts.get(this.#follow(path));
  }

  async stat(path: string): Promise<{ mtimeMs: number; size: number; isFile: boolean } | undefined> {
    this.stats++;
    const text = this.#texts.get(this.#follow(path));
    return text === undefined ? undefined : { mtimeMs: 0, size: text.length, isFile: true };
  }

  async realpath(path: string): Promise<string> {
    return this.#follow(path);
  }

  async list(folder: string): Promise<readonly FolderEntry[]> {
    const prefix = `${this.#follow(folder)}/`;
    const entries = new Map<string, boolean>();
    for (const path of this.#texts.keys()) {
      if (path.startsWith(prefix)) {
        const [name = "", ...rest] = path.slice(prefix.length).split("/");
        entries.set(name, rest.length > 0);
      }
    }
    return [...entries].map(([name, isFolder]) => ({ name, isFolder }));
  }

  #follow(path: string): string {
    for (const [link, target] of this.#links) {
      if (path === link || path.startsWith(`${link}/`)) {
        return target + path.slice(link.length);
      }
    }
    return path;
  }
}
