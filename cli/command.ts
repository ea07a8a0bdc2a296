/** What a command of `flameline` is given and gives back. */

import type { Machine } from "../recorder/machine.js";

/** The world of a command, so that tests can hand in another. */
export interface World {
  /** Writes to the standard output as is. */
  readonly out: (data: string | Uint8Array) => void;
  /** Writes to the standard error as is. */
  readonly err: (text: string) => void;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard error is a terminal: progress may be drawn. */
  readonly terminal: boolean;
  /** Folder of the bundle, where the helper lies. */
  readonly programFolder: string;
  readonly machine: Machine;
}

/** Exit codes that scripts rely on. */
export const EXIT = { done: 0, no: 1, usage: 2, privilege: 3 } as const;

export interface Command {
  readonly summary: string;
  /** The synopsis, after `flameline`. */
  readonly usage: string;
  /** Resolves with the exit code. Throws `UsageError` and `FlamelineError`. */
  readonly run: (args: readonly string[], world: World) => Promise<number>;
}

/** A mistake on the command line: one sentence, exit code 2. */
export class UsageError extends Error {}
