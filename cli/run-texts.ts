import { basename, dirname, isAbsolute } from "node:path";
import type { Recording } from "../profile/recording.js";
import { readKeptTexts } from "../profile-files/kept-texts.js";
import type { TextOfRun } from "../source/lines-between.js";
import { nodeFiles } from "./node-files.js";

/** File systems keep times coarser than the clock, ms. */
const CLOCK_SLACK_MS = 20;

/** By path. */
type KeptTexts = ReadonlyMap<string, { readonly text: string; readonly mtimeMs: number }>;

/** The texts that a recording's lines belong to: those kept beside it, else those on the disk if they are older than the run. */
export class RunTexts {
  readonly #startMs: number;
  readonly #kept: KeptTexts;

  private constructor(startMs: number, kept: KeptTexts) {
    this.#startMs = startMs;
    this.#kept = kept;
  }

  /** `path` is a profile's file, or a kept recording's folder. */
  static async of(recording: Recording, path: string): Promise<RunTexts> {
    const folder = /^(run\.pb\.gz|batches\.jsonl)$/.test(basename(path)) ? dirname(path) : path;
    const { texts } = await readKeptTexts(folder);
    return new RunTexts(recording.info.startUnixMs, new Map(texts.map((each) => [each.path, each])));
  }

  async of(file: string): Promise<TextOfRun> {
    if (!isAbsolute(file)) return { kind: "absent" };
    const path = await nodeFiles.realpath(file);
    const kept = this.#kept.get(path);
    const mtimeMs = kept?.mtimeMs ?? (await nodeFiles.stat(path))?.mtimeMs;
    if (mtimeMs === undefined) return { kind: "absent" };
    // What was written after the run began is not surely what ran.
    if (mtimeMs > this.#startMs + CLOCK_SLACK_MS) return { kind: "unknown" };
    const text = kept?.text ?? (await nodeFiles.readText(path));
    return text === undefined ? { kind: "unknown" } : { kind: "known", text };
  }
}
