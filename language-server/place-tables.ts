import { int32Column } from "../profile/growable.js";
import { PairTable } from "../profile/pair-table.js";

/**
 * Files and lines on this machine that recorded positions are in. Recorded paths that are one file (container root,
 * symbolic link, source map) share its line ids; a position without a file here gets an id of its own, by function and
 * recorded line.
 */
export class PlaceTables {
  /** Absolute, links resolved; by path index. */
  readonly realPaths: string[] = [];
  /** Absolute, as the workspace shows it; by path index. */
  readonly shownPaths: string[] = [];
  /** Of each line id: path index or -1, line (1-based, 0 unknown), and the first function seen there. */
  readonly linePath = int32Column();
  readonly lineNumber = int32Column();
  readonly lineFunction = int32Column();
  readonly #pathIndex = new Map<string, number>();
  readonly #lineIds = new PairTable();
  readonly #functionPath = new Map<number, number>();
  readonly #missing = new Map<string, { positions: number; fn: number }>();

  get lines(): number {
    return this.linePath.length;
  }

  pathIndex(realPath: string): number {
    return this.#pathIndex.get(realPath) ?? -1;
  }

  /** Index of the first file in which a function had samples, or -1. */
  pathOfFunction(fn: number): number {
    return this.#functionPath.get(fn) ?? -1;
  }

  /** Recorded files that are not on this machine: the number of their sampled positions, and a function that is in each. */
  get missing(): ReadonlyMap<string, { readonly positions: number; readonly fn: number }> {
    return this.#missing;
  }

  protected addPath(real: string, shown: string): number {
    const index = this.realPaths.push(real) - 1;
    this.shownPaths.push(shown);
    this.#pathIndex.set(real, index);
    return index;
  }

  protected lineIn(path: number, line: number, fn: number): number {
    if (!this.#functionPath.has(fn)) {
      this.#functionPath.set(fn, path);
    }
    return this.#line(path, line, path, fn);
  }

  /** `file` is the recorded one that is not here, or "". */
  protected lineWithoutFile(file: string, line: number, fn: number): number {
    if (file !== "") {
      const known = this.#missing.get(file) ?? { positions: 0, fn };
      known.positions += 1;
      this.#missing.set(file, known);
    }
    return this.#line(-2 - fn, line, -1, fn);
  }

  #line(key: number, line: number, path: number, fn: number): number {
    const id = this.#lineIds.intern(key, line);
    if (id === this.linePath.length) {
      this.linePath.push(path);
      this.lineNumber.push(line);
      this.lineFunction.push(fn);
    }
    return id;
  }
}
