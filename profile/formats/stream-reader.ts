import type { ProcessRow } from "../../protocol/helper.js";
import type { Recording } from "../recording.js";
import type { Steps } from "../steps.js";

/** What came of a file: what could be read, and a sentence for each kind of thing that could not. */
export interface ReadResult {
  readonly recording: Recording;
  readonly warnings: string[];
}

/** Reads a format piece by piece, so that the file is never in memory as a whole. Never throws on bad data. */
export interface StreamReader {
  /** The file's next bytes, cut anywhere. They are read before it returns, and may then be used again. */
  push(bytes: Uint8Array): void;
  /** After the last piece, once. */
  end(): Steps<ReadResult>;
}

/**
 * The most rows that are taken from one file. A row takes about 30 bytes, but in a file of another tool only two or three: without a limit
 * a gigabyte of `[],` would take 16. Twenty million samples are a day of two busy processors at 99 Hz.
 */
export const MOST_SAMPLES = 20e6;
export const MOST_STACKS = 20e6;
export const MOST_FRAMES = 5e6;

/** Whether there is room for one sample more; says once where there is not. */
export function hasRoom({ samples, stacks, frames, notes }: Recording, pending = 0): boolean {
  if (samples.length + pending < MOST_SAMPLES && stacks.length < MOST_STACKS && frames.length < MOST_FRAMES) return true;
  notes.say("The file holds more than 20 million samples or stacks, or 5 million frames; what follows those was not read.");
  return false;
}

/** Adds a process that a file only names; gives its index. */
export function addProcess(recording: Recording, pid: number, name: string): number {
  const row: ProcessRow = {
    pid,
    parentPid: 0,
    name,
    executable: "",
    commandLine: [],
    workingDirectory: "",
    root: "/",
    uid: 0,
    startNs: 0,
  };
  return recording.processRows.push(row) - 1;
}

/** Adds a thread of a process; gives its index. */
export function addThread(recording: Recording, process: number, tid: number, name: string): number {
  return recording.threadRows.push({ process, tid, name }) - 1;
}
