/** What reads things from outside, each with its seeds, a way to damage them, and what must hold whatever it is given. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { functionCosts, lineCosts } from "../../profile/cost.js";
import { readBatches } from "../../profile/formats/batches.js";
import { decodeCollapsed, encodeCollapsed } from "../../profile/formats/collapsed.js";
import { JsonProfileReader } from "../../profile/formats/json-profile.js";
import { PerfScriptReader } from "../../profile/formats/perf-script.js";
import { decodePprof, encodePprof } from "../../profile/formats/pprof.js";
import type { ReadResult, StreamReader } from "../../profile/formats/stream-reader.js";
import { Recording } from "../../profile/recording.js";
import { atOnce } from "../../profile/steps.js";
import { summarize } from "../../profile/summary.js";
import { readProfile } from "../../profile-files/read-profile.js";
import type { Batch } from "../../protocol/helper.js";
import { FlamelineError } from "../../recorder/failures.js";
import { decodeHelperMessage } from "../../recorder/helper-messages.js";
import { recordingFromCollapsed } from "../support/profile-text.js";
import { MAX_INPUT_BYTES, mutateBytes } from "./mutate-bytes.js";
import { mutateJson } from "./mutate-json.js";
import { mutateProtobuf } from "./mutate-protobuf.js";
import type { Random } from "./random.js";

export interface FuzzTarget {
  readonly seeds: (root: string) => readonly Uint8Array[];
  readonly mutate: (bytes: Uint8Array, other: Uint8Array, random: Random) => Uint8Array;
  /** Throws where something is wrong. */
  readonly check: (bytes: Uint8Array) => void | Promise<void>;
}

const EVENT = { event: "cpu" } as const;

export const TARGETS: Readonly<Record<string, FuzzTarget>> = {
  pprof: { seeds: pprofSeeds, mutate: mutateProtobuf, check: (bytes) => holds(decodePprof(bytes)) },
  collapsed: {
    seeds: () => [
      encode(encodeCollapsed(example(), EVENT)),
      encode("a;b;c 1\n# flameline event=memory unit=bytes\na_[k];b (x.py:3) 2.5\n"),
    ],
    mutate: mutateBytes,
    check: (bytes) => holds(decodeCollapsed(Buffer.from(bytes).toString("utf8"))),
  },
  cpuprofile: {
    seeds: () => [encode(JSON.stringify(CPU_PROFILE))],
    mutate: mutateLines,
    check: (bytes) => holds(inPieces(new JsonProfileReader(), bytes)),
  },
  speedscope: {
    seeds: () => [encode(JSON.stringify(SPEEDSCOPE))],
    mutate: mutateLines,
    check: (bytes) => holds(inPieces(new JsonProfileReader(), bytes)),
  },
  perf: {
    seeds: (root) => ["perf-srcline", "perf-events", "perf-without-stacks"].map((name) => firstKilobytes(root, `${name}.perf`)),
    mutate: mutateBytes,
    check: (bytes) => holds(inPieces(new PerfScriptReader(), bytes)),
  },
  batches: {
    seeds: (root) => [batchLines(root)],
    mutate: mutateLines,
    check: (bytes) => holds(readBatches(Buffer.from(bytes).toString("utf8").split("\n"))),
  },
  "helper-messages": {
    seeds: (root) => fixtures(root).map((message) => encode(JSON.stringify(message))),
    mutate: mutateLines,
    check: (bytes) => checkMessage(Buffer.from(bytes).toString("utf8")),
  },
  files: { seeds: (root) => [...pprofSeeds().map((bytes) => gzipSync(bytes)), batchLines(root)], mutate: mutateBytes, check: checkFile },
};

/** A profile as Node.js writes it. */
const CPU_PROFILE = {
  nodes: [
    {
      id: 1,
      callFrame: { functionName: "(root)", scriptId: "0", url: "", lineNumber: -1, columnNumber: -1 },
      hitCount: 0,
      children: [2, 3],
    },
    {
      id: 2,
      callFrame: { functionName: "work", url: "file:///w/a.js", lineNumber: 3 },
      hitCount: 2,
      children: [4],
      positionTicks: [{ line: 4, ticks: 2 }],
    },
    { id: 3, callFrame: { functionName: "(garbage collector)", url: "", lineNumber: -1 }, hitCount: 1 },
    { id: 4, callFrame: { functionName: "", url: "node:internal/a", lineNumber: 9 }, hitCount: 1, children: [] },
  ],
  startTime: 10,
  endTime: 90,
  samples: [2, 3, 4, 2],
  timeDeltas: [10, 10, 20, 10],
};

const SPEEDSCOPE = {
  $schema: "https://www.speedscope.app/file-format-schema.json",
  shared: {
    frames: [
      { name: "a", file: "/w/x.py", line: 1 },
      { name: "b,]}", line: 2, col: 3 },
    ],
  },
  profiles: [
    { type: "sampled", name: "one", unit: "seconds", startValue: 0, endValue: 3, samples: [[0], [0, 1], []], weights: [1, 1, 1] },
    {
      type: "evented",
      name: "two",
      unit: "bytes",
      startValue: 0,
      endValue: 3,
      events: [
        { type: "O", frame: 0, at: 0 },
        { type: "O", frame: 1, at: 1 },
        { type: "C", frame: 1, at: 2 },
        { type: "C", frame: 0, at: 3 },
      ],
    },
  ],
  activeProfileIndex: 0,
};

/** A file comes in pieces that are cut anywhere. */
function inPieces(reader: StreamReader, bytes: Uint8Array): ReadResult {
  const half = bytes.length >> 1;
  reader.push(bytes.subarray(0, half));
  reader.push(bytes.subarray(half));
  return atOnce(reader.end());
}

function firstKilobytes(root: string, name: string): Uint8Array {
  return readFileSync(join(root, "test/fixtures/profiles", name)).subarray(0, 4096);
}

/** What was read can be shown and written, and what was written is read again as it was. */
function holds({ recording, warnings }: { recording: Recording; warnings: readonly string[] }): void {
  if (warnings.some((warning) => warning === "" || warning.length > 2000)) throw new Error("a warning is not a sentence");
  for (const event of recording.eventsPresent()) {
    const { sum, self } = functionCosts(recording, { event });
    lineCosts(recording, { event });
    if (!(sum >= 0) || self.some((cost) => !(cost >= 0))) throw new Error(`the cost of ${event} is ${sum}`);
  }
  const { samples } = recording;
  if (samples.stack.view().some((stack) => stack >= recording.stacks.length)) throw new Error("a sample's stack is none");
  if (samples.thread.view().some((thread) => thread >= recording.threads.length)) throw new Error("a sample's thread is none");
  JSON.stringify(summarize(recording, ""));
  encodeCollapsed(recording, EVENT);
  const again = decodePprof(encodePprof(recording)).recording;
  if (again.samples.length !== samples.length) throw new Error(`${samples.length} samples became ${again.samples.length}`);
}

function checkMessage(text: string): void {
  let message;
  try {
    message = decodeHelperMessage(text);
  } catch (error) {
    if (error instanceof FlamelineError) return;
    throw error;
  }
  if (message.type !== "batch") return;
  const recording = Recording.empty();
  recording.append(message);
  recording.append({ ...message, sequence: 1 });
  holds({ recording, warnings: recording.warnings });
}

let folder: string | undefined;

async function checkFile(bytes: Uint8Array): Promise<void> {
  folder ??= mkdtempSync(join(tmpdir(), "flameline-fuzz-"));
  for (const name of ["profile.pb.gz", "batches.jsonl"]) {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    const expected = new Error("expected");
    await readProfile(path, { errorOf: () => expected, drive: atOnce }).then(holds, (error: unknown) => {
      if (error !== expected) throw error;
    });
  }
}

export function removeScratch(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  folder = undefined;
}

function example(): Recording {
  return recordingFromCollapsed(
    `
    main:1:2(/w/a.py);f:12(/w/a.py);h\u00e9:3:4(ts.ts){javascript} 10101010
    main:1(a.py);fast:3<-work:7(l.rs)[/bin/app]{rust};nofile{go}[/bin/app] 20
    __proto__{kernel};vfs_read{kernel};end[/bin/app]{native} 4096
    `,
    { timesNs: [0, 1, 4], events: ["cpu", "off_cpu", "memory"], threads: ["one", "other/two", "/x"] },
  );
}

function pprofSeeds(): Uint8Array[] {
  return [encodePprof(example()), encodePprof(recordingFromCollapsed("a;b 1\na;b;c 2", {}))];
}

function fixtures(root: string): unknown[] {
  const path = join(root, "test/fixtures/wire");
  return readdirSync(path).map((name) => JSON.parse(readFileSync(join(path, name), "utf8")) as unknown);
}

function batchLines(root: string): Uint8Array {
  const read = (name: string): Record<string, unknown> =>
    JSON.parse(readFileSync(join(root, "test/fixtures/wire", `${name}.json`), "utf8")) as Record<string, unknown>;
  const batch = read("batch") as unknown as Batch;
  const messages = [read("started"), { ...batch, sequence: 0 }, { ...batch, sequence: 1, strings: [] }, read("stopped")];
  return encode(messages.map((message) => JSON.stringify(message)).join("\n"));
}

/** Changes a value in one of the lines, or its bytes. */
function mutateLines(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const lines = Buffer.from(bytes).toString("utf8").split("\n");
  const at = random.below(lines.length);
  try {
    const changed = encode(lines.with(at, JSON.stringify(mutateJson(JSON.parse(lines[at] ?? ""), random))).join("\n"));
    return random.below(10) === 0 || changed.length > MAX_INPUT_BYTES ? mutateBytes(bytes, other, random) : changed;
  } catch {
    return mutateBytes(bytes, other, random);
  }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
