/** What a sample counts. One recording can hold all; each is a column in every view. */
export type EventName = "cpu" | "off_cpu" | "memory" | "io_read" | "io_write" | "net_send" | "net_recv" | "alloc" | "heap";

/** The unit of a sample's value: nanoseconds of time, or bytes. */
export type EventUnit = "ns" | "bytes";

/** Each event with its unit, in the order in which views list them. */
export const EVENT_UNITS: Readonly<Record<EventName, EventUnit>> = {
  cpu: "ns",
  off_cpu: "ns",
  memory: "bytes",
  io_read: "bytes",
  io_write: "bytes",
  net_send: "bytes",
  net_recv: "bytes",
  heap: "bytes",
  alloc: "bytes",
};

/** Events whose samples go below zero where what was taken goes back. */
export const GROWTH_EVENTS: ReadonlySet<EventName> = new Set(["memory", "heap"]);

/** Events that are recorded for some seconds only (see `AllocationsRequest` in helper.ts). */
export const BOXED_EVENTS: ReadonlySet<EventName> = new Set(["alloc", "heap"]);

/**
 * What a thread waits for, told by the kernel's frames: the leaf of each stack of `off_cpu` is a frame of the kernel with the class's name in
 * brackets. `run queue`: it could run, but something else did. `events`: epoll, poll and select.
 */
export const WAIT_CLASSES = [
  "disk",
  "network",
  "lock",
  "sleep",
  "pipe",
  "child",
  "run queue",
  "page-in",
  "events",
  "unknown wait",
] as const;

export type WaitClass = (typeof WAIT_CLASSES)[number];

/**
 * Frames that stand where a stack would begin, for the outer frames that it lacks. `truncated`: it is deeper than what can be unwound, 128
 * frames or some more. `broken`: unwinding failed on the way.
 */
export const LACKING_FRAMES = { truncated: "[truncated]", broken: "[broken]" } as const;

/** What is counted of processes beside their samples: see {@link CountColumns} in helper.ts. */
export const COUNT_NAMES = ["read", "write", "send", "receive", "open", "connect", "accept", "lookup", "copy", "ring", "map"] as const;

export type CountName = (typeof COUNT_NAMES)[number];

/** The language or layer that a frame belongs to; `native` is machine code whose language is unknown. */
export type FrameLanguage =
  | "kernel"
  | "native"
  | "c"
  | "cpp"
  | "rust"
  | "go"
  | "python"
  | "javascript"
  | "java"
  | "ruby"
  | "php"
  | "perl"
  | "dotnet"
  | "beam";
