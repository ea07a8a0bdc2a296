/** Calls that the instrumented code has noted, in folders of the scratch copy: node-harness/capture.cjs writes them. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const MOST_CALLS = 100;
const MOST_CHARACTERS = 20 << 20;

export class NotedCalls {
  readonly #folder: string;
  readonly #folders: string[] = [];

  /** @param folder that of the scratch copy */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** For the steps of the harness. */
  get file(): string {
    return join(this.#folder, "cases.json");
  }

  /** A folder for the calls of one run. */
  async newFolder(): Promise<string> {
    const folder = join(this.#folder, `calls-${this.#folders.length}`);
    await mkdir(folder);
    this.#folders.push(folder);
    return folder;
  }

  async hasCalls(folder: string): Promise<boolean> {
    return (await readdir(folder)).length > 0;
  }

  /** Keeps the first different calls of all runs; answers how many, and what was in one that could not be kept. */
  async gather(): Promise<{ readonly kept: number; readonly skipped: string | undefined }> {
    const calls = new Set<string>();
    let characters = 0;
    let skipped: string | undefined;
    for (const folder of this.#folders) {
      for (const name of (await readdir(folder)).sort()) {
        const lines = (await readFile(join(folder, name), "utf8")).split("\n").slice(0, -1);
        if (name.endsWith(".skipped")) skipped ??= lines[0];
        else {
          for (const line of lines) {
            if (calls.size >= MOST_CALLS || characters + line.length > MOST_CHARACTERS) break;
            if (!calls.has(line)) characters += line.length;
            calls.add(line);
          }
        }
      }
    }
    await writeFile(this.file, JSON.stringify({ captured: [...calls], generated: [] }));
    return { kept: calls.size, skipped };
  }
}
