import type { DocumentFunction } from "./document-functions.js";

/** Samples of a file, or ns since its first, after which its set of hot functions is taken as settled. */
const SETTLED_SAMPLES = 100;
const SETTLED_NS = 1e9;

/** A lens as it is shown: which function, and the line (0-based) where it was drawn last. */
export interface FixedLens {
  readonly key: string;
  readonly name: string;
  lineIndex: number;
}

/** What decides whether a file's lenses may appear. */
export interface FileProgress {
  readonly live: boolean;
  /** Samples of the file so far, about. */
  readonly samples: number;
  /** ns of recording since the file's first samples. */
  readonly sinceFirstNs: number;
}

/**
 * Which functions of a file have a lens above them. A lens takes a line of the editor, so that each one that comes or
 * goes moves the text: a file's lenses appear once, together, and stay until the heat is cleared. What turns hot later
 * is told at the line's end.
 */
export class LensBook {
  readonly #fixed = new Map<string, FixedLens[]>();
  readonly #late = new Map<string, Set<string>>();

  /** Starts anew for every file: the heat was cleared, or another recording is shown. */
  clear(): void {
    this.#fixed.clear();
    this.#late.clear();
  }

  /**
   * The lenses of a file. `hot` are its functions of at least the minimum share; the first settled set of them is kept
   * for good. The answer is empty until then.
   */
  lenses(file: string, hot: readonly DocumentFunction[], progress: FileProgress): readonly FixedLens[] {
    const known = this.#fixed.get(file);
    if (known !== undefined) {
      return known;
    }
    const settled = !progress.live || progress.samples >= SETTLED_SAMPLES || progress.sinceFirstNs >= SETTLED_NS;
    if (!settled || hot.length === 0) {
      return [];
    }
    const lenses = hot.map(({ key, name, nameLine }) => ({ key, name, lineIndex: nameLine - 1 }));
    this.#fixed.set(file, lenses);
    return lenses;
  }

  /** Keys of the functions that turned hot after the file's lenses were fixed; they stay, too. */
  late(file: string, hot: readonly DocumentFunction[]): ReadonlySet<string> {
    const fixed = this.#fixed.get(file);
    const late = this.#late.get(file) ?? new Set<string>();
    if (fixed !== undefined) {
      this.#late.set(file, late);
      for (const { key } of hot) {
        if (!fixed.some((lens) => lens.key === key)) {
          late.add(key);
        }
      }
    }
    return late;
  }
}
