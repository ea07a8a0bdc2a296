/** Reading what the helper sends. Its twin is trusted, but a broken or replaced one must end in a failure, never in a crash. */
import { MAX_FRAME_BYTES, type HelperErrorCode, type HelperMessage } from "../protocol/helper.js";
import { FlamelineError, type Failure, type TargetName } from "./failures.js";

type Fields = Readonly<Record<string, unknown>>;
type Shape = Readonly<Record<string, "number" | "string" | "array" | "object">>;

/** The members that the recorder and its callers read without looking again; rows are checked by `profile/`. */
const SHAPES: Readonly<Record<HelperMessage["type"], Shape>> = {
  hello: { protocol: "number" },
  progress: { recording: "number", phase: "string" },
  started: { recording: "number", startUnixNs: "string", hz: "number", events: "array" },
  rate: { recording: "number", timeNs: "number", hz: "number" },
  allocations: { recording: "number", timeNs: "number", state: "string", seconds: "number", calls: "number", share: "number" },
  batch: {
    recording: "number",
    sequence: "number",
    timeNs: "number",
    strings: "array",
    processes: "array",
    threads: "array",
    frames: "object",
    stacks: "object",
    samples: "object",
    updates: "array",
    loss: "object",
    cost: "object",
  },
  stopped: { recording: "number", reason: "string", durationNs: "number", batches: "number" },
  processes: { request: "number", processes: "array" },
  error: { subject: "number", code: "string", detail: "string" },
};

/** Decodes one frame. Throws `helper-nonsense` for text that is not a message of the protocol. */
export function decodeHelperMessage(text: string): HelperMessage {
  if (text.length > MAX_FRAME_BYTES) throw nonsense(`a frame of ${text.length} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw nonsense(`"${text.slice(0, 40)}" is not JSON`);
  }
  if (!isFields(value)) throw nonsense("a frame that is not an object");
  const type = value["type"];
  if (typeof type !== "string" || !Object.hasOwn(SHAPES, type)) throw nonsense(`a message of type ${JSON.stringify(type)?.slice(0, 40)}`);
  const shape = SHAPES[type as HelperMessage["type"]];
  for (const [member, expected] of Object.entries(shape)) {
    if (kindOf(value[member]) !== expected) throw nonsense(`a ${type} message whose ${member} is not of kind ${expected}`);
  }
  const start = value["startUnixNs"];
  if (typeof start === "string" && !/^\d{1,19}$/.test(start)) throw nonsense("a start that is no time");
  return value as unknown as HelperMessage;
}

/** The failure behind an error message of the helper; `target` names what was asked for. */
export function failureOfCode(code: HelperErrorCode, detail: string, target: TargetName): Failure {
  switch (code) {
    case "wrong-version":
      return { kind: "wrong-version", ours: 0, theirs: 0, pid: 0 };
    case "not-permitted":
      return { kind: "not-permitted", target };
    case "no-such-process":
      return target.kind === "process" ? { kind: "no-such-process", pid: target.pid } : { kind: "helper-refused", detail };
    case "too-many-recordings":
      return { kind: "too-many-recordings" };
    case "kernel-unsupported":
      return { kind: "kernel-unsupported", detail };
    case "no-privilege":
      return { kind: "no-privilege", detail };
    case "engine-failed":
      return { kind: "engine-failed", detail };
    case "bad-message":
    case "bad-request":
      return { kind: "helper-refused", detail };
    default:
      // A newer helper may know codes that this client does not.
      return { kind: "helper-refused", detail: `${String(code)}: ${detail}` };
  }
}

function nonsense(detail: string): FlamelineError {
  return new FlamelineError({ kind: "helper-nonsense", detail });
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
}
