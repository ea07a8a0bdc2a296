/** What could not be read, one sentence a kind with its count: a thousand bad rows must not become a thousand lines. */
const SENTENCES = {
  "bad-batch": (n: number) => `${n} ${n === 1 ? "message" : "messages"} from the helper could not be read and ${were(n)} left out.`,
  "lost-batch": (n: number) =>
    `${n} ${n === 1 ? "batch" : "batches"} of samples never arrived; new functions after that could not be read.`,
  "old-batch": (n: number) => `${n} ${n === 1 ? "batch" : "batches"} came twice and ${were(n)} counted once.`,
  "bad-string": (n: number) => `${n} ${n === 1 ? "name" : "names"} could not be read and ${n === 1 ? "is" : "are"} shown empty.`,
  "bad-process": (n: number) => `${n} ${n === 1 ? "process" : "processes"} had no readable description.`,
  "bad-thread": (n: number) => `${n} ${n === 1 ? "thread" : "threads"} could not be read.`,
  "bad-frame": (n: number) => `${n} ${n === 1 ? "frame" : "frames"} could not be read and ${n === 1 ? "is" : "are"} shown without a name.`,
  "bad-stack": (n: number) => `${n} ${n === 1 ? "stack" : "stacks"} could not be read.`,
  "bad-update": (n: number) => `${n} late ${n === 1 ? "symbol" : "symbols"} could not be read.`,
  "bad-sample": (n: number) => `${n} ${n === 1 ? "sample" : "samples"} could not be read and ${were(n)} left out.`,
  "bad-line": (n: number) => `${n} ${n === 1 ? "line" : "lines"} of the file could not be understood.`,
  "bad-value": (n: number) => `${n} ${n === 1 ? "value" : "values"} of the file could not be read and ${were(n)} left out.`,
  "bad-event": (n: number) =>
    `${n} ${n === 1 ? "call ends" : "calls end"} out of turn; what was open above ${n === 1 ? "it" : "them"} was ended too.`,
  "bad-count": (n: number) => `${n} ${n === 1 ? "count" : "counts"} of a process could not be read and ${were(n)} left out.`,
  "bad-language": (n: number) => `${n} ${n === 1 ? "frame is" : "frames are"} of an unknown language and ${were(n)} taken as native.`,
  "bad-account": (n: number) => `${n} ${n === 1 ? "batch" : "batches"} had no readable account of losses and cost.`,
} as const;

export type WarningKind = keyof typeof SENTENCES;

export class Warnings {
  readonly #counts = new Map<WarningKind, number>();
  readonly #sentences = new Set<string>();

  count(kind: WarningKind, by = 1): void {
    this.#counts.set(kind, this.of(kind) + by);
  }

  /** Adds a sentence of a reader's own; the same sentence twice is said once. */
  say(sentence: string): void {
    this.#sentences.add(sentence);
  }

  /** Adds all of another's. */
  add(other: Warnings): void {
    for (const [kind, count] of other.#counts) this.count(kind, count);
    for (const sentence of other.#sentences) this.say(sentence);
  }

  of(kind: WarningKind): number {
    return this.#counts.get(kind) ?? 0;
  }

  sentences(): string[] {
    return [...this.#sentences, ...[...this.#counts].map(([kind, count]) => SENTENCES[kind](count))];
  }
}

function were(n: number): string {
  return n === 1 ? "was" : "were";
}
