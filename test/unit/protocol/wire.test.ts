/**
 * The twin of `bpf-helper/internal/wire`'s tests: both read the same samples. Shapes are checked by the compiler against
 * protocol/helper.ts and against the samples here, so a member that only one side has fails on the other.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { CountName, EventName, FrameLanguage } from "../../../protocol/events.js";
import {
  type Allocations,
  type AllocationsRequest,
  type Batch,
  type ClientHello,
  type ClientMessage,
  type DebugFile,
  HELPER_PROTOCOL_VERSION,
  type HelperError,
  type HelperHello,
  type HelperMessage,
  type ProcessesRequest,
  type ProcessList,
  type Progress,
  type Rate,
  type RateRequest,
  type RenewRequest,
  type Started,
  type StartRequest,
  type Stopped,
  type StopRequest,
  type Target,
} from "../../../protocol/helper.js";
import { Recording } from "../../../profile/recording.js";
import { formatSamples } from "../../support/profile-text.js";

/** What a value of type T is like on the wire: every member, every word of a closed list. */
type Shape<T> = [T] extends [string]
  ? string extends T
    ? "text"
    : { readonly words: Readonly<Record<T, true>> }
  : [T] extends [number]
    ? "number"
    : [T] extends [boolean]
      ? "boolean"
      : T extends readonly (infer E)[]
        ? { readonly each: Shape<E> }
        : { readonly members: { readonly [K in keyof T]-?: Shape<Exclude<T[K], undefined>> } };

type AnyShape = "text" | "number" | "boolean" | { words: object } | { each: AnyShape } | { members: object };

const text = "text";
const number = "number";
const numbers = { each: number } as const;
const texts = { each: text } as const;
const type = <T extends string>(name: T) => ({ words: { [name]: true } as Readonly<Record<T, true>> });

const event: Shape<EventName> = {
  words: { cpu: true, off_cpu: true, memory: true, io_read: true, io_write: true, net_send: true, net_recv: true, alloc: true, heap: true },
};
const counted: Shape<CountName> = {
  words: {
    read: true,
    write: true,
    send: true,
    receive: true,
    open: true,
    connect: true,
    accept: true,
    lookup: true,
    copy: true,
    ring: true,
    map: true,
  },
};
const language: Shape<FrameLanguage> = {
  words: {
    kernel: true,
    native: true,
    c: true,
    cpp: true,
    rust: true,
    go: true,
    python: true,
    javascript: true,
    java: true,
    ruby: true,
    php: true,
    perl: true,
    dotnet: true,
    beam: true,
  },
};
const position = { members: { function: number, file: number, line: number, functionLine: number } } as const;

const batch: Shape<Batch> = {
  members: {
    type: type("batch"),
    recording: number,
    sequence: number,
    timeNs: number,
    strings: texts,
    processes: {
      each: {
        members: {
          pid: number,
          parentPid: number,
          name: text,
          executable: text,
          commandLine: texts,
          workingDirectory: text,
          root: text,
          uid: number,
          startNs: number,
        },
      },
    },
    threads: { each: { members: { process: number, tid: number, name: text, labels: { each: texts } } } },
    frames: {
      members: {
        language: { each: language },
        function: numbers,
        file: numbers,
        line: numbers,
        column: numbers,
        module: numbers,
        address: texts,
      },
    },
    stacks: { members: { parent: numbers, frame: numbers } },
    samples: { members: { stack: numbers, thread: numbers, timeNs: numbers, event: { each: event }, value: numbers } },
    counts: { members: { process: numbers, kind: { each: counted }, subject: numbers, calls: numbers, bytes: numbers } },
    memory: { members: { process: numbers, timeNs: numbers, resident: numbers, anonymous: numbers } },
    updates: { each: { members: { frame: number, language, positions: { each: position } } } },
    debugFiles: texts,
    loss: {
      members: {
        lost: number,
        leafOnly: number,
        truncated: number,
        broken: number,
        unresolvedFrames: number,
        waits: number,
        waitStacks: number,
        unlabelled: number,
        unread: number,
      },
    },
    cost: { members: { bpfNs: number, helperCpuNs: number, symbolizerCpuNs: number, residentBytes: number, mapBytes: number } },
  },
};

function start<K extends Target["kind"]>(target: Shape<Extract<Target, { kind: K }>>) {
  const members: Shape<Omit<StartRequest, "target">>["members"] = {
    type: type("start"),
    recording: number,
    events: { each: event },
    hz: number,
    allocationSeconds: number,
    cpuShare: number,
  };
  return { members: { ...members, target } };
}

const clientHello: Shape<ClientHello> = { members: { type: type("hello"), protocol: number, client: text } };
const stop: Shape<StopRequest> = { members: { type: type("stop"), recording: number } };
const debugFile: Shape<DebugFile> = {
  members: { type: type("debug-file"), buildId: text, state: { words: { coming: true, here: true, none: true } }, path: text },
};
const renew: Shape<RenewRequest> = { members: { type: type("renew"), recording: number, next: number } };
const rateRequest: Shape<RateRequest> = { members: { type: type("rate"), recording: number, hz: number } };
const rate: Shape<Rate> = { members: { type: type("rate"), recording: number, timeNs: number, hz: number } };
const allocationsRequest: Shape<AllocationsRequest> = { members: { type: type("allocations"), recording: number, seconds: number } };
const allocations: Shape<Allocations> = {
  members: {
    type: type("allocations"),
    recording: number,
    timeNs: number,
    state: { words: { open: true, closed: true } },
    reason: { words: { time: true, cost: true, stopped: true } },
    seconds: number,
    processes: number,
    calls: number,
    costNs: number,
    share: number,
    lost: number,
  },
};
const processesRequest: Shape<ProcessesRequest> = { members: { type: type("processes"), request: number } };
const helperHello: Shape<HelperHello> = {
  members: {
    type: type("hello"),
    protocol: number,
    helper: text,
    pid: number,
    peerUid: number,
    kernel: text,
    processors: number,
    events: { each: event },
  },
};
const progress: Shape<Progress> = {
  members: { type: type("progress"), recording: number, phase: { words: { loading: true, attaching: true } } },
};
const started: Shape<Started> = {
  members: { type: type("started"), recording: number, startUnixNs: text, hz: number, events: { each: event } },
};
const stopped: Shape<Stopped> = {
  members: {
    type: type("stopped"),
    recording: number,
    reason: { words: { requested: true, "target-exited": true, "helper-exiting": true, failed: true } },
    durationNs: number,
    batches: number,
  },
};
const processList: Shape<ProcessList> = {
  members: {
    type: type("processes"),
    request: number,
    processes: {
      each: {
        members: {
          pid: number,
          parentPid: number,
          name: text,
          executable: text,
          commandLine: texts,
          workingDirectory: text,
          uid: number,
          cpuNs: number,
        },
      },
    },
  },
};
const error: Shape<HelperError> = {
  members: {
    type: type("error"),
    subject: number,
    code: {
      words: {
        "bad-message": true,
        "wrong-version": true,
        "bad-request": true,
        "not-permitted": true,
        "no-such-process": true,
        "too-many-recordings": true,
        "kernel-unsupported": true,
        "no-privilege": true,
        "engine-failed": true,
      },
    },
    detail: text,
  },
};

const folderTarget = {
  members: { kind: type("workspace"), folders: texts, excludePids: numbers, excludeTrees: numbers, excludePrograms: texts },
} as const;
const processTarget = { members: { kind: type("process"), pid: number, children: "boolean" } } as const;

/** By type, so that a message added to the protocol does not compile until it has its sample. */
const CLIENT: Readonly<Record<ClientMessage["type"], Readonly<Record<string, AnyShape>>>> = {
  hello: { "client-hello": clientHello },
  start: {
    "start-workspace": start<"workspace">(folderTarget),
    "start-process": start<"process">(processTarget),
    "start-user": start<"user">({ members: { kind: type("user") } }),
  },
  stop: { stop },
  renew: { renew },
  rate: { "rate-request": rateRequest },
  allocations: { "allocations-request": allocationsRequest },
  processes: { "processes-request": processesRequest },
  "debug-file": { "debug-file": debugFile },
};
const HELPER: Readonly<Record<HelperMessage["type"], Readonly<Record<string, AnyShape>>>> = {
  hello: { "helper-hello": helperHello },
  progress: { progress },
  started: { started },
  rate: { rate },
  allocations: { allocations },
  batch: { batch },
  stopped: { stopped },
  processes: { "process-list": processList },
  error: { error },
};
const SHAPES = Object.assign({}, ...Object.values(CLIENT), ...Object.values(HELPER)) as Readonly<Record<string, AnyShape>>;

const FIXTURES = join(import.meta.dirname, "../../fixtures/wire");
const read = (name: string): unknown => JSON.parse(readFileSync(join(FIXTURES, `${name}.json`), "utf8"));

/** The value made anew from what the shape knows; fails where the value is not of the shape. */
function rebuild(shape: AnyShape, value: unknown, path: string): unknown {
  if (typeof shape === "string") {
    expect(typeof value, path).toBe(shape === "text" ? "string" : shape);
    return value;
  }
  if ("words" in shape) {
    expect(Object.keys(shape.words), path).toContain(value);
    return value;
  }
  if ("each" in shape) {
    expect(Array.isArray(value), path).toBe(true);
    return (value as unknown[]).map((element, i) => rebuild(shape.each, element, `${path}[${i}]`));
  }
  const members = Object.entries(shape.members as Record<string, AnyShape>);
  const given = value as Record<string, unknown>;
  return Object.fromEntries(members.map(([key, member]) => [key, rebuild(member, given[key], `${path}.${key}`)]));
}

test("every message has a sample, and every sample a message", () => {
  expect(Object.keys(SHAPES).sort()).toEqual(
    readdirSync(FIXTURES)
      .map((file) => file.replace(".json", ""))
      .sort(),
  );
});

test.each(Object.keys(SHAPES))("%s has the members of the protocol and no others", (name) => {
  const message = read(name);
  const shape = SHAPES[name];
  expect(shape).toBeDefined();
  if (shape !== undefined) expect(rebuild(shape, message, name)).toEqual(message);
});

test("the hello of both sides carries this version", () => {
  expect(read("client-hello")).toMatchObject({ protocol: HELPER_PROTOCOL_VERSION });
  expect(read("helper-hello")).toMatchObject({ protocol: HELPER_PROTOCOL_VERSION });
});

test("a recording reads the helper's batch without a warning", () => {
  const recording = Recording.fromStarted(read("started") as Started);
  recording.append(read("batch") as Batch);
  expect(recording.warnings).toEqual([]);
  expect(recording.loss.unresolvedFrames).toBe(5);
  expect(formatSamples(recording)).toMatchInlineSnapshot(`
    "10101010 4711:python3/4711:python3 · endpoint=/orders · region=eu "west" cpu 10101010 hot:4(/home/ada/shop/app.py){python};hot:12(/home/ada/shop/app.py)@10<-<lambda> "quoted"  [/usr/bin/python3.11+0x1af857]{c}
    20202020 4711:python3/4711:python3 · endpoint=/orders · region=eu "west" cpu 10101010 hot:4(/home/ada/shop/app.py){python};hot:12(/home/ada/shop/app.py)@10<-<lambda> "quoted"  [/usr/bin/python3.11+0x1af857]{c};__x64_sys_read{kernel}"
  `);
});
