/** The lines of `perf script`: heads of samples, and frames. */
import type { FrameLanguage } from "../../protocol/events.js";
import { guessLanguage } from "./guess-language.js";

/** `two words  2173/2174 [001] 24537.448760:   10101010 cpu-clock:u: …` */
export interface PerfHead {
  readonly comm: string;
  /** 0 where the file names only threads. */
  readonly pid: number;
  readonly tid: number;
  /** Since the machine's start. */
  readonly timeNs: number;
  /** Events that the sample stands for (for clocks: ns); 0 where the file doesn't say. */
  readonly period: number;
  /** Without modifiers: `cpu-clock`, `sched:sched_switch`. */
  readonly event: string;
  /** What follows in the line: a tracepoint's fields, or the one frame of a recording without stacks. */
  readonly rest: string;
}

/** Longer lines are no heads: a name has at most 15 characters, and what matters of the rest comes early. */
const LONGEST_HEAD = 1000;

/** `undefined` where a line is no head. The time is looked for first: whatever stands in a process's name is then before it. */
export function readHead(line: string): PerfHead | undefined {
  const text = line.slice(0, LONGEST_HEAD);
  // No two parts of this can match the same character, so that it takes one pass whatever the line holds.
  const time = /(?:^|\s)(\d{1,10})\.(\d{1,9}):\s+/.exec(text);
  if (time === null) return undefined;
  let comm = text.slice(0, time.index).trim();
  let ids: RegExpExecArray | null = null;
  // From the right: flags of the interrupt, the processor, then the ids; the name has what is left.
  for (let tries = 0; tries < 4 && ids === null; tries++) {
    const blank = Math.max(comm.lastIndexOf(" "), comm.lastIndexOf("\t"));
    if (blank <= 0) return undefined;
    ids = /^(-?\d{1,10})(?:\/(-?\d{1,10}))?$/.exec(comm.slice(blank + 1));
    comm = comm.slice(0, blank).trimEnd();
  }
  if (ids === null) return undefined;
  const [, period = "", event = ""] = /^(?:(\d{1,19})\s+)?(\S{1,200}):(?:\s|$)/.exec(text.slice(time.index + time[0].length)) ?? [];
  if (event === "") return undefined;
  const after = text.indexOf(`${event}:`, time.index + time[0].length) + event.length + 1;
  return {
    comm,
    pid: ids[2] === undefined ? 0 : Math.max(0, Number(ids[1])),
    tid: Math.max(0, Number(ids[2] ?? ids[1])),
    timeNs: Number(time[1]) * 1e9 + Number((time[2] ?? "").padEnd(9, "0")),
    period: Number(period),
    event: event.replace(/:+[a-zA-Z]*$/, (modifiers) => (/^:+[ukhGHpPSDWeIb]*$/.test(modifiers) ? "" : modifiers)),
    rest: text.slice(after).trim(),
  };
}

/** A frame as a line tells it. */
export interface PerfFrame {
  readonly name: string;
  readonly file: string;
  /** 1-based line of the definition; 0 when unknown. */
  readonly definition: number;
  readonly module: string;
  readonly language: FrameLanguage;
  readonly inlined: boolean;
}

/** Of `work+0x26 (/tmp/two words)`: what follows the address in a frame's line. `undefined` where it is no frame. */
export function readFrame(text: string): PerfFrame | undefined {
  if (text.endsWith("(inlined)")) return { ...symbol(text.slice(0, -"(inlined)".length).trimEnd(), ""), inlined: true };
  const deleted = text.endsWith(" (deleted))");
  const open = text.lastIndexOf(" (", deleted ? text.length - " (deleted))".length - 1 : undefined);
  if (!text.endsWith(")") || (open < 0 && !text.startsWith("("))) return undefined;
  const mapping = text.slice(open + 2, deleted ? -" (deleted))".length : -1);
  const name = text.slice(0, Math.max(open, 0)).replace(/\+0x[0-9a-f]{1,16}$/, "");
  return { ...symbol(name === "[unknown]" ? "" : name, mapping), inlined: false };
}

/** `/home/me/app.c:12`, as `-F +srcline` writes it below a frame. */
export function readSourceLine(text: string): { file: string; line: number } | undefined {
  const [, file = "", line = ""] = /^([^\s:][^:]*):(\d{1,9})(?: \(discriminator \d+\))?$/.exec(text.slice(0, 5000)) ?? [];
  return file === "" || Number(line) === 0 ? undefined : { file, line: Number(line) };
}

function symbol(name: string, mapping: string): Omit<PerfFrame, "inlined"> {
  if (isKernel(mapping)) return { name, file: "", definition: 0, module: "", language: "kernel" };
  if (/\/perf-\d+\.map$/.test(mapping) || mapping.startsWith("[JIT]") || mapping.startsWith("/tmp/.debug/jit")) {
    const jitted = jittedSymbol(name);
    if (jitted !== undefined) return { ...jitted, module: "" };
  }
  const module = mapping === "[unknown]" ? "" : mapping;
  return { name, file: "", definition: 0, module, language: guessLanguage("", module) };
}

/** `[kernel.kallsyms]`, `[kernel.kallsyms]_text`, `[nf_tables]`; but `[vdso]` and `[heap]` are the process's. */
function isKernel(mapping: string): boolean {
  if (/^\[(vdso|vsyscall|vvar|heap|stack|unknown|anon|uprobes|JIT)/.test(mapping)) return false;
  return /^\[[\w.-]+\]/.test(mapping) || /\/vmlinux|\.ko(\.[a-z]+)?$/.test(mapping);
}

/** Names that runtimes write into their perf maps: V8's, Python's and the JVM's. */
function jittedSymbol(name: string): Omit<PerfFrame, "inlined" | "module"> | undefined {
  const python = /^py::([^:]*):(.*)$/.exec(name);
  if (python !== null) return { name: python[1] ?? "", file: python[2] ?? "", definition: 0, language: "python" };
  const script =
    /^(?:JS|LazyCompile|Function|Script|Eval|InterpretedFunction|BytecodeHandler):([*~^+]?)(\S*) ?(.*?)(?::(\d+)(?::\d+)?)?$/.exec(
      name.slice(0, 5000),
    );
  if (script !== null) {
    return { name: script[2] || "(anonymous)", file: script[3] ?? "", definition: Number(script[4] ?? 0), language: "javascript" };
  }
  const java = /^L([\w/$]+);::([\w$<>]+)/.exec(name);
  return java === null
    ? undefined
    : { name: `${(java[1] ?? "").replaceAll("/", ".")}.${java[2]}`, file: "", definition: 0, language: "java" };
}
