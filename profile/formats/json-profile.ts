import { Recording } from "../recording.js";
import type { Steps } from "../steps.js";
import { CpuProfileReader } from "./cpuprofile-read.js";
import { JsonStream, type Shape } from "./json-stream.js";
import { SpeedscopeReader } from "./speedscope-read.js";
import type { ReadResult, StreamReader } from "./stream-reader.js";

/** Members by which profiles of other kinds are known, so that the user hears what to do instead. */
const OTHERS: readonly (readonly [member: string, sentence: string])[] = [
  [
    "traceEvents",
    "This is a trace of Chrome's Performance panel, which is not read; save a CPU profile (.cpuprofile) or a speedscope file instead",
  ],
  ["meta", "This is a profile of the Firefox Profiler, which is not read; record with perf or py-spy, or export pprof"],
];

/** Profiles in JSON: V8's `.cpuprofile` and speedscope's files, told apart by what is in them. */
export class JsonProfileReader implements StreamReader {
  readonly #recording = Recording.empty();
  readonly #cpu = new CpuProfileReader(this.#recording);
  readonly #speedscope = new SpeedscopeReader(this.#recording);
  readonly #other = new Set<string>();
  readonly #stream: JsonStream;

  constructor() {
    const others = OTHERS.map(([member, sentence]): [string, Shape] => [
      member,
      { kind: "object", members: new Map(), begin: () => this.#other.add(sentence) },
    ]);
    const events: [string, Shape] = ["traceEvents", { kind: "items", take: () => this.#other.add(OTHERS[0]?.[1] ?? "") }];
    const members = new Map<string, Shape>([...others, events, ...this.#cpu.members, ...this.#speedscope.members]);
    this.#stream = new JsonStream({ kind: "object", members });
  }

  push(bytes: Uint8Array): void {
    this.#stream.push(bytes);
  }

  *end(): Steps<ReadResult> {
    const { notes } = this.#recording;
    const whole = this.#stream.end();
    const isSpeedscope = this.#speedscope.hasProfiles;
    if (isSpeedscope) yield* this.#speedscope.finish();
    else if (this.#cpu.hasNodes) yield* this.#cpu.finish();
    else for (const sentence of this.#other) notes.say(`${sentence}.`);
    const known = isSpeedscope || this.#cpu.hasNodes || this.#other.size > 0;
    if (!known && whole) notes.say("This is JSON, but neither a CPU profile (.cpuprofile) nor a speedscope file.");
    if (!whole) notes.say("The file is damaged or ends in the middle; what came before that was read.");
    if (this.#stream.bad > 0) notes.count("bad-value", this.#stream.bad);
    return { recording: this.#recording, warnings: this.#recording.warnings };
  }
}
