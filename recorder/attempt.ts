/** An attempt to run something as root, and what may come of it. */
import type { Failure } from "./failures.js";
import type { Machine } from "./machine.js";
import type { PrivilegedProcess, ProcessEnd } from "./privileged-process.js";

export interface ElevationContext {
  readonly machine: Machine;
  /** What runs as root: a program and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** For the failures' own command. */
  readonly helperPath: string;
  readonly askpassPath: string;
  readonly log: (line: string) => void;
  /** The failure of a program that ran as root and ended. */
  readonly ended: (end: ProcessEnd, output: string) => Failure;
}

/** One way of getting root, started; `whyNot` says what its end means. */
export interface Attempt {
  readonly process: PrivilegedProcess;
  /** Time that does not count as waiting for the helper, because the user is typing. */
  readonly typingMs: () => number;
  readonly typing: () => boolean;
  readonly whyNot: (end: ProcessEnd) => Refusal;
  readonly close: () => void;
}

/** Why a way did not lead to root, and which other may. */
export type Refusal =
  /** "next": the next way may work; "other-program": one by another program may; "final": none will. */
  | { readonly kind: "next" | "other-program" | "final"; readonly failure: Failure }
  /** This way is not here: what another said before it holds. */
  | { readonly kind: "unavailable" };

/** What came of an attempt. */
export type Tried<T> = { readonly kind: "done"; readonly value: T } | Refusal;
