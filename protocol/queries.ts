/**
 * Questions that the views ask of the recording, and the answers' shapes. Used by the language server's requests
 * (`protocol/language-server.ts`), which own the transport.
 */
import type { EventName, EventUnit, FrameLanguage, WaitClass } from "./events.js";
import type { CostAccount, LossCounts } from "./helper.js";

/** The part of a recording that an answer is about; absent members mean "all". */
export interface Selection {
  readonly event: EventName;
  /** Time range in ns since the recording's start, end exclusive. */
  readonly fromNs?: number;
  readonly toNs?: number;
  readonly pids?: readonly number[];
  /** Indices into the thread table. */
  readonly threads?: readonly number[];
  /** True: processes and threads stand for those of their role, too: with the same parent and command line, and threads with the same name. */
  readonly mergeWorkers?: boolean;
  /** Of `off_cpu`: true has the waits of threads with nothing to do, too (docs/events.md tells which); absent or false leaves them out. */
  readonly idle?: boolean;
  /** Of `off_cpu`: only waits for these. */
  readonly waits?: readonly WaitClass[];
}

/** Whose code a function is. */
export type CodeOwner = "mine" | "library" | "runtime" | "kernel" | "unknown";

export interface RecordingSummary {
  readonly id: string;
  readonly name: string;
  readonly live: boolean;
  /** Wall clock of the start, ms since 1970; 0 when the file does not say. */
  readonly startUnixMs: number;
  readonly durationNs: number;
  readonly hz: number;
  readonly events: readonly { readonly event: EventName; readonly unit: EventUnit; readonly samples: number; readonly total: number }[];
  readonly processes: readonly {
    readonly pid: number;
    readonly name: string;
    readonly commandLine: string;
    readonly samples: number;
    /** Where there are several of its role: the pid of the first of them. */
    readonly role?: number;
  }[];
  readonly threads: readonly {
    readonly index: number;
    readonly pid: number;
    readonly tid: number;
    readonly name: string;
    readonly samples: number;
  }[];
  readonly loss: LossCounts;
  readonly cost: CostAccount;
  /** What the reader could not read, one sentence each. */
  readonly warnings: readonly string[];
  /** What it is compared with, while that is so. */
  readonly baseline?: BaselineSummary;
}

/** A recording, or a part of one, that others are compared with. */
export interface BaselineSummary extends TimeRange {
  readonly id: string;
  readonly name: string;
  readonly durationNs: number;
}

/** In ns since the recording's start, end exclusive; an absent member means the recording's own end. */
export interface TimeRange {
  readonly fromNs?: number;
  readonly toNs?: number;
}

/** A function as tables and lenses show it. Values are in the event's unit. */
export interface FunctionRow {
  /** Index of the function in the recording; stable while the recording is open. -1 where only the baseline has it. */
  readonly function: number;
  readonly name: string;
  readonly language: FrameLanguage;
  readonly owner: CodeOwner;
  /** Absolute path in the workspace or on this machine; null when it cannot be told. */
  readonly file: string | null;
  /** 1-based line of the definition, or of its hottest line when the definition is unknown; null when unknown. */
  readonly line: number | null;
  readonly self: number;
  readonly total: number;
  /** Of `off_cpu`: what most of `total` waits for. */
  readonly mostly?: WaitClass;
  /** Own cost against the baseline, where one is chosen. */
  readonly change?: LineChange;
}

export interface LineRow {
  readonly file: string | null;
  readonly line: number | null;
  readonly functionName: string;
  readonly language: FrameLanguage;
  readonly owner: CodeOwner;
  readonly self: number;
  readonly total: number;
  /** Of `off_cpu`: what most of `total` waits for. */
  readonly mostly?: WaitClass;
}

/** Over what a table's rows are: the sum of the selection in the event's unit, its length, and what it leaves out. */
export interface TableScope {
  readonly event: EventName;
  readonly total: number;
  readonly durationNs: number;
  /** See {@link TreeColumns.leftOut}. */
  readonly leftOut: number;
  /** The range of the selection in words, "12.3 s to 14.1 s"; "" where it has none. */
  readonly range?: string;
}

/** What is waited for, and for how long in all, ns. */
export interface WaitRow {
  readonly waits: WaitClass;
  readonly total: number;
}

/** `by-time`: one thread's stacks in the order of time. */
export type TreeDirection = "top-down" | "bottom-up" | "by-time";

/**
 * A call tree as columns, nodes in preorder. Numeric columns are little-endian arrays in base64, one entry a node:
 * i32 for indices, f64 for values. Node 0 is the root "all".
 */
export interface TreeColumns {
  readonly nodes: number;
  readonly maxDepth: number;
  /** Sum of the selection, in `unit`. */
  readonly total: number;
  readonly event: EventName;
  readonly unit: EventUnit;
  readonly samples: number;
  /**
   * What the selection leaves out, in `unit`: idle waits, or of `memory` by how much stacks shrank that gave back more than they took.
   * 0 for other events.
   */
  readonly leftOut: number;
  /** How many processes are merged with others of their role; absent where none is. */
  readonly mergedWorkers?: number;
  /** The range of the selection, in words as "12.3 s to 14.1 s"; absent where it has none. */
  readonly range?: { readonly words: string; readonly durationNs: number };
  /** Subtrees that were left out because their top is under the given minimum, and the sum of those tops. */
  readonly folded: number;
  readonly foldedValue: number;
  /** i32: index into `functions`; -1 for the root. */
  readonly function: string;
  /** i32: index of the first node after this node's subtree. */
  readonly end: string;
  /** i32: 0 for the root. */
  readonly depth: string;
  /** f64 */
  readonly self: string;
  /** f64 */
  readonly value: string;
  /** Of a tree by time. f64: where each node begins, in `unit`; the thread that it is of, and how many samples one stands for. */
  readonly left?: string;
  readonly thread?: { readonly name: string; readonly tid: number; readonly of: number; readonly step: number };
  /** Where a baseline was chosen. */
  readonly difference?: TreeDifference;
  readonly functions: {
    readonly name: readonly string[];
    /** Index of the function in the recording. */
    readonly id: readonly number[];
    readonly language: readonly FrameLanguage[];
    readonly owner: readonly CodeOwner[];
    /** As recorded; "" when unknown. */
    readonly file: readonly string[];
    /** 1-based line of the definition, 0 when unknown. */
    readonly line: readonly number[];
    readonly module: readonly string[];
    /** True where every occurrence is an inlined call. */
    readonly inlined: readonly boolean[];
  };
}

/** What is said of a change: by more than noise, by no more, of too few samples to be judged, or of recordings that are too short to be. */
export const VERDICTS = ["more", "less", "noise", "few", "untold"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What both sides must last for noise to be told from change, s. */
export const SHORTEST_JUDGED_SECONDS = 4;

/** Why nothing is said about noise: too little time, samples without times, no samples, or memory, which comes and goes at no steady rate. */
export type Untold = "short" | "untimed" | "empty" | "unsteady";

/**
 * What makes the two sides comparable: cost in each second of wall time, or the share of the whole where a file does not say how long it took.
 */
export type TreeMeasure = "second" | "share";

/**
 * Of a tree of two recordings: the base's part. The tree's own values are the mean of both sides, with the base scaled to the length (or, by
 * share, to the sum) of the new one, so that what only one side has is half as wide.
 */
export interface TreeDifference {
  readonly measure: TreeMeasure;
  /** What both sides are scaled to: s, or by share the sum. Values divided by it are in each second, or shares. */
  readonly scale: number;
  readonly untold: Untold | null;
  /** f64: the base's value, scaled. */
  readonly base: string;
  /** f64: ends of the 95 % interval of the change, scaled; NaN where there is none. */
  readonly low: string;
  readonly high: string;
  /** i32: index into {@link VERDICTS}. */
  readonly verdict: string;
}

/** A small tree of objects for d3-flame-graph: callers (inverted) and callees of one function. */
export interface SmallNode {
  readonly name: string;
  readonly value: number;
  readonly function: number;
  readonly owner: CodeOwner;
  readonly children: readonly SmallNode[];
}

export interface CallersAndCallees {
  readonly function: FunctionRow;
  readonly total: number;
  readonly callers: SmallNode;
  readonly callees: SmallNode;
  /** Boxes left out of the two trees. */
  readonly folded: number;
}

/** A place in a source file that exists on this machine; `line` is 1-based. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
}

/**
 * Heat of one line of a document: `self` and `total` are values in the answer's `unit`; divided by its `total` they are shares.
 * With just-my-code, `self` has the library, runtime and kernel code that the line calls.
 */
export interface LineHeat {
  /** 0-based line in the document as it is now. */
  readonly lineIndex: number;
  readonly self: number;
  readonly total: number;
  /** Total share (0 to 1) in the recording before this one, when the line was in both. */
  readonly before?: number;
  /** Of `off_cpu`: what most of `total` waits for. */
  readonly mostly?: WaitClass;
  /** Against the baseline, where one is chosen; of a line that only the baseline has `total` is 0. */
  readonly change?: LineChange;
}

/** Cost of a line or function against the baseline, in each second of wall time or as a share of the whole. */
export interface LineChange {
  readonly base: number;
  readonly next: number;
  /** A part of `base`: 0.1 is a tenth more; null where the base has none. */
  readonly relative: number | null;
  readonly verdict: Verdict;
}

/** What each line of a function costs. Lines are 0-based, both ends of the range included; values are in `unit`. */
export interface AnnotatedFunction {
  readonly uri: string;
  /** The line that was asked for, or the function's hottest one. */
  readonly line: number;
  /** Null outside of functions, and in files that can't be read as a known language. */
  readonly name: string | null;
  readonly startLine: number;
  readonly endLine: number;
  readonly event: EventName;
  readonly unit: EventUnit;
  /** Sum of the selection. */
  readonly total: number;
  readonly lines: readonly { readonly lineIndex: number; readonly self: number; readonly total: number }[];
  /** Why there are no numbers, when that has a reason that the user should know. */
  readonly notice?: string;
}

export interface DocumentHeat {
  readonly uri: string;
  /** The document version that the lines belong to. */
  readonly version: number | null;
  readonly event: EventName;
  readonly unit: EventUnit;
  readonly total: number;
  readonly lines: readonly LineHeat[];
  /** Why there are no numbers, when that has a reason that the user should know. */
  readonly notice?: string;
}
