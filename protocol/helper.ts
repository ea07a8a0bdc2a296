/**
 * The wire between `recorder/` and the privileged helper: JSON text frames of at most 1 MiB over a WebSocket on a
 * Unix socket. Its twin is `bpf-helper/internal/wire`; one sample per message lies in `test/fixtures/wire/`.
 *
 * Tables (strings, frames, stacks, processes, threads) are append-only: a batch carries the rows that are new since
 * the last one, and rows are referred to by index for the rest of the recording.
 */
import type { CountName, EventName, FrameLanguage } from "./events.js";

/** Raised by one with every change that an older peer could not read. */
export const HELPER_PROTOCOL_VERSION = 1;

/** The largest frame that either side sends or accepts, in bytes. */
export const MAX_FRAME_BYTES = 1 << 20;

/** Which processes a recording is about. The helper enforces it; a peer that is not root gets only its own. */
export type Target =
  /**
   * Processes whose executable, script, working directory or an ancestor's working directory lies in one of `folders` (absolute).
   * Below a process of `excludeTrees`, an editor's extension host, working directories don't count: a debuggee has its program in the
   * folders, a language server only runs there. A process whose executable lies in one of `excludePrograms` (absolute folders), an editor's
   * own tools, is never meant: it searches in the folders. All three lists hold for processes that start later, too.
   */
  | {
      readonly kind: "workspace";
      readonly folders: readonly string[];
      readonly excludePids: readonly number[];
      readonly excludeTrees: readonly number[];
      readonly excludePrograms: readonly string[];
    }
  /** One process, and its descendants where `children` is set. */
  | { readonly kind: "process"; readonly pid: number; readonly children: boolean }
  /** Every process of the peer's user. */
  | { readonly kind: "user" };

// ---- from the recorder to the helper ----

export interface ClientHello {
  readonly type: "hello";
  readonly protocol: number;
  /** Name and version of the client, for the log. */
  readonly client: string;
}

export interface StartRequest {
  readonly type: "start";
  /** Chosen by the client, unique on its connection. */
  readonly recording: number;
  readonly target: Target;
  readonly events: readonly EventName[];
  /** CPU samples a second on each processor: 1 to 999. */
  readonly hz: number;
  /** With an event of allocations: how long they are followed from the start on, 1 to 60 seconds; 10 where it is left out. */
  readonly allocationSeconds?: number;
  /**
   * The recording's budget, a share of the machine's processor time: 0.0005 to 1. Where every running recording has one, reading the files of
   * programs takes at most half of the largest, and the processes that wait for it are told as {@link LossCounts.unread}.
   */
  readonly cpuShare?: number;
}

export interface StopRequest {
  readonly type: "stop";
  readonly recording: number;
}

/**
 * Ends a recording and begins the next one at the same moment, with the same target, events and rate, and with empty tables: each sample
 * belongs to one of the two, of a wait that spans the turn each gets its part. Answered by `started` of the next one and, up to some seconds
 * later, by `stopped` of the first; refused while the turn before has not ended.
 */
export interface RenewRequest {
  readonly type: "renew";
  readonly recording: number;
  /** Number of the next one, chosen as in {@link StartRequest}. A refusal is about this number. */
  readonly next: number;
}

/** Changes the rate of a running recording; answered by {@link Rate}. */
export interface RateRequest {
  readonly type: "rate";
  readonly recording: number;
  /** CPU samples a second on each processor: 1 to 999. 0 pauses: nothing of the recording stays in the kernel until there is a rate. */
  readonly hz: number;
}

/**
 * Follows allocations in a running recording, in which their events appear: answered by {@link Allocations} as it begins and ends. It ends by
 * itself, and earlier where it takes more than 5 % of the machine.
 */
export interface AllocationsRequest {
  readonly type: "allocations";
  readonly recording: number;
  /** 1 to 60; 0 for 10. */
  readonly seconds: number;
}

/** Asks for the processes that the peer may record. */
export interface ProcessesRequest {
  readonly type: "processes";
  readonly request: number;
}

/**
 * How the client gets on with a debug file that a batch named, in the order `coming`, then `here` or `none`. The helper waits a little with a
 * recording's end for those that are coming. It opens `path` with the rights of the connection's user, who has to own the file, and believes
 * it only where its build id is right.
 */
export interface DebugFile {
  readonly type: "debug-file";
  readonly buildId: string;
  readonly state: "coming" | "here" | "none";
  /** Absolute, of `here`; else "". */
  readonly path: string;
}

export type ClientMessage =
  | ClientHello
  | StartRequest
  | StopRequest
  | RenewRequest
  | RateRequest
  | AllocationsRequest
  | ProcessesRequest
  | DebugFile;

// ---- from the helper to the recorder ----

export interface HelperHello {
  readonly type: "hello";
  readonly protocol: number;
  /** Version of the helper, for example "0.1.0". */
  readonly helper: string;
  readonly pid: number;
  /** The uid whose processes this connection may see; 0 sees all. */
  readonly peerUid: number;
  /** Kernel release, for example "6.1.0-18-amd64". */
  readonly kernel: string;
  /** Number of processors online. */
  readonly processors: number;
  /** The events that this helper can record here. */
  readonly events: readonly EventName[];
}

/** Sent while a recording is being prepared; the engine takes seconds to load the first time. */
export interface Progress {
  readonly type: "progress";
  readonly recording: number;
  readonly phase: "loading" | "attaching";
}

export interface Started {
  readonly type: "started";
  readonly recording: number;
  /** Wall clock at the recording's start, in ns since 1970 as a decimal string. Sample times count from here. */
  readonly startUnixNs: string;
  /** 0 where a paused recording was renewed. */
  readonly hz: number;
  readonly events: readonly EventName[];
}

/** The rate from now on. Samples from before, also those that come later, have the value of the rate before. */
export interface Rate {
  readonly type: "rate";
  readonly recording: number;
  /** ns since the recording's start. */
  readonly timeNs: number;
  /** 0 while it is paused. */
  readonly hz: number;
}

/** Allocations are followed from now on, or no longer: then nothing of it is left in any process. */
export interface Allocations {
  readonly type: "allocations";
  readonly recording: number;
  /** ns since the recording's start. */
  readonly timeNs: number;
  readonly state: "open" | "closed";
  /** Why it is closed: its time is over, it cost too much, or the recording ends. */
  readonly reason?: "time" | "cost" | "stopped";
  /** How long it was to last. */
  readonly seconds: number;
  /** Of how many processes, 64 at most; 0 when closed. */
  readonly processes: number;
  /** Calls of allocators since it was opened. */
  readonly calls: number;
  /** What that has taken since then: hits of probes times their measured price, and the time of BPF programs. Of all recordings together. */
  readonly costNs: number;
  /** The same as a share of the machine, 0 to 1; when closed. */
  readonly share: number;
  /** Blocks of which is not known whether they were freed, for want of room. */
  readonly lost: number;
}

/** A process that has samples, or that is an ancestor of one that has. */
export interface ProcessRow {
  readonly pid: number;
  readonly parentPid: number;
  /** The kernel's name of the process, at most 15 characters. */
  readonly name: string;
  /** Absolute path of the executable as the process sees it; empty if unknown. */
  readonly executable: string;
  readonly commandLine: readonly string[];
  readonly workingDirectory: string;
  /** Absolute path of the process's root folder as the helper sees it; "/" outside containers. */
  readonly root: string;
  readonly uid: number;
  /** Start time relative to the recording's start, in ns; negative when it began before. */
  readonly startNs: number;
}

export interface ThreadRow {
  /** Index into the process table. */
  readonly process: number;
  readonly tid: number;
  readonly name: string;
  /**
   * What the program calls the task that the thread worked on, as pairs of key and value: a thread has a row for each task, and one without.
   * At most 10, of at most 15 and 47 bytes; a recording has 1,000 such rows. Left out where there are none.
   */
  readonly labels?: readonly (readonly [key: string, value: string])[];
}

/**
 * Frames as columns; all arrays have the same length. Strings are indices into the string table (0 is "").
 * A frame of machine code comes first without a function (`function` 0) and its names follow as an update.
 */
export interface FrameColumns {
  readonly language: readonly FrameLanguage[];
  readonly function: readonly number[];
  readonly file: readonly number[];
  /** 1-based; 0 when unknown. */
  readonly line: readonly number[];
  /** 1-based; 0 when unknown. */
  readonly column: readonly number[];
  /** Absolute path of the mapped file (executable, library, `[vdso]`), or "" for interpreted frames. */
  readonly module: readonly number[];
  /** Address inside the module's file as "0x…", or "" for interpreted and kernel frames. No kernel address is ever sent. */
  readonly address: readonly string[];
}

/** Stacks as a tree, root first: a stack is its parent's stack plus one frame. `parent` is -1 at the root. */
export interface StackColumns {
  readonly parent: readonly number[];
  readonly frame: readonly number[];
}

export interface SampleColumns {
  readonly stack: readonly number[];
  readonly thread: readonly number[];
  /** ns since the recording's start. */
  readonly timeNs: readonly number[];
  readonly event: readonly EventName[];
  /** In the event's unit. */
  readonly value: readonly number[];
}

/**
 * What was counted of processes since the batch before; rows add up. `read`, `write`, `send` and `receive` are the bytes of a whole process, and
 * are counted whatever the events. With events of files or the network also, by file or peer: `open`, `connect`, `accept`; `lookup`,
 * datagrams to a name server; `copy`, bytes passed from one descriptor to another (sendfile, splice); `ring`, of a whole process, operations
 * of io_uring and the bytes that they transferred, or without bytes, before Linux 5.19, calls of io_uring_enter. `map`, of a whole process
 * and whatever the events: page faults that read a device, and a page for each, which is the least that came through mapped files.
 */
export interface CountColumns {
  /** Index into the process table. */
  readonly process: readonly number[];
  readonly kind: readonly CountName[];
  /** The file or peer, in brackets as in the frames; 0 for a whole process. */
  readonly subject: readonly number[];
  /** 0 where only the bytes are known. */
  readonly calls: readonly number[];
  readonly bytes: readonly number[];
}

/**
 * Memory of processes at moments, with the event `memory`: at most once a second and only where it has changed. `anonymous` is what is
 * neither a file's nor shared.
 */
export interface MemoryColumns {
  /** Index into the process table. */
  readonly process: readonly number[];
  /** ns since the recording's start. */
  readonly timeNs: readonly number[];
  readonly resident: readonly number[];
  readonly anonymous: readonly number[];
}

/** One source position of a frame; string indices as in {@link FrameColumns}. */
export interface FramePosition {
  readonly function: number;
  readonly file: number;
  readonly line: number;
  /** First line of the function, 0 when unknown. */
  readonly functionLine: number;
}

/** What a late symbol says about a frame. `positions` is innermost first: inlined callees precede the physical function. */
export interface FrameUpdate {
  readonly frame: number;
  readonly language: FrameLanguage;
  readonly positions: readonly FramePosition[];
}

/** Everything that was not recorded as it should be, since the recording's start. */
export interface LossCounts {
  /** Samples that the kernel or the engine dropped before we had them (full ring, nesting on one CPU). */
  readonly lost: number;
  /** Samples whose stack could not be unwound: they count with their process and leaf. */
  readonly leafOnly: number;
  /** Stacks cut at the depth limit. */
  readonly truncated: number;
  /** Stacks in which unwinding failed part of the way. */
  readonly broken: number;
  /** Frames that the symbolizer could not name. */
  readonly unresolvedFrames: number;
  /** Waits that are over, and of how many of them the stack was taken, for all of which they stand; left out where there are none. */
  readonly waits?: number;
  readonly waitStacks?: number;
  /** Samples without the labels of their task, for which there was no row any more; left out where there are none. */
  readonly unlabelled?: number;
  /** Processes whose files are not read yet, for want of budget, now: their stacks are not whole. Left out where there are none. */
  readonly unread?: number;
}

/** What profiling costs, since the recording's start. */
export interface CostAccount {
  /** Time spent in BPF programs, ns; -1 where the kernel does not say. */
  readonly bpfNs: number;
  /** CPU time of the helper and of its symbolizer, ns. */
  readonly helperCpuNs: number;
  readonly symbolizerCpuNs: number;
  /**
   * Memory of the helper and its symbolizer in RAM, bytes: memory of their own, plus the pages of files that they have mapped, where the
   * program that both run counts once. The rings that BPF writes into count with the maps only. At most about 5 s old.
   */
  readonly residentBytes: number;
  /** Memory of all BPF maps as the kernel accounts it, bytes. */
  readonly mapBytes: number;
}

export interface Batch {
  readonly type: "batch";
  readonly recording: number;
  /** 0, 1, 2 … without a gap; a gap is a lost batch. */
  readonly sequence: number;
  /** ns since the recording's start at which the batch was closed. */
  readonly timeNs: number;
  readonly strings: readonly string[];
  readonly processes: readonly ProcessRow[];
  readonly threads: readonly ThreadRow[];
  readonly frames: FrameColumns;
  readonly stacks: StackColumns;
  readonly samples: SampleColumns;
  readonly counts: CountColumns;
  readonly memory: MemoryColumns;
  readonly updates: readonly FrameUpdate[];
  /** Build ids (hexadecimal) of mapped files without debug information, each told once; a client that has their debug files may say so. */
  readonly debugFiles?: readonly string[];
  readonly loss: LossCounts;
  readonly cost: CostAccount;
}

export interface Stopped {
  readonly type: "stopped";
  readonly recording: number;
  readonly reason: "requested" | "target-exited" | "helper-exiting" | "failed";
  /** ns since the recording's start. */
  readonly durationNs: number;
  readonly batches: number;
}

export interface ProcessListEntry {
  readonly pid: number;
  readonly parentPid: number;
  readonly name: string;
  readonly executable: string;
  readonly commandLine: readonly string[];
  readonly workingDirectory: string;
  readonly uid: number;
  /** CPU time used so far, ns. */
  readonly cpuNs: number;
}

export interface ProcessList {
  readonly type: "processes";
  readonly request: number;
  readonly processes: readonly ProcessListEntry[];
}

/** Why the helper refused. The client turns the code into a sentence with what to do next. */
export type HelperErrorCode =
  | "bad-message"
  | "wrong-version"
  | "bad-request"
  | "not-permitted"
  | "no-such-process"
  | "too-many-recordings"
  | "kernel-unsupported"
  | "no-privilege"
  | "engine-failed";

export interface HelperError {
  readonly type: "error";
  /** The recording or request that it is about, or -1. */
  readonly subject: number;
  readonly code: HelperErrorCode;
  /** For the log: what exactly failed. */
  readonly detail: string;
}

export type HelperMessage = HelperHello | Progress | Started | Rate | Allocations | Batch | Stopped | ProcessList | HelperError;
