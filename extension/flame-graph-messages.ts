import { EVENT_UNITS, type EventName, WAIT_CLASSES, type WaitClass } from "../protocol/events.js";
import type { Selection, TimeRange } from "../protocol/queries.js";
import { TABLE_KINDS, type TableKind } from "../protocol/tables.js";
import type { FromWebview } from "../protocol/webview.js";

/** The longest text that the webview may put on the clipboard, in UTF-16 units. */
const LONGEST_COPY = 10_000;
/** A window of 8K in noise takes less. */
const LARGEST_PICTURE = 100e6;

/**
 * Reads a message of the flame graph's webview; undefined for anything that is not exactly one. The page shows names
 * from profiled programs, so what it sends is checked as if it came from one. Members that are not known are dropped.
 */
export function readFromWebview(data: unknown): FromWebview | undefined {
  if (!isRecord(data)) return undefined;
  switch (data["type"]) {
    case "ready":
    case "stopComparing":
      return { type: data["type"] };
    case "getTree": {
      const selection = readSelection(data["selection"]);
      const { request, direction, minimumShare } = data;
      if (!selection || !isIndex(request) || (direction !== "top-down" && direction !== "bottom-up" && direction !== "by-time"))
        return undefined;
      if (typeof minimumShare !== "number" || !(minimumShare >= 0 && minimumShare <= 1)) return undefined;
      return { type: "getTree", request, direction, selection, minimumShare };
    }
    case "getTimeMap": {
      const selection = readSelection(data["selection"]);
      const window = readRange(data["window"]);
      if (!selection || !window || !isIndex(data["request"])) return undefined;
      return { type: "getTimeMap", request: data["request"], selection, window };
    }
    case "compareRange": {
      const { fromNs, toNs } = readRange(data["range"]) ?? {};
      return fromNs === undefined || toNs === undefined ? undefined : { type: "compareRange", range: { fromNs, toNs } };
    }
    case "getCallers": {
      const selection = readSelection(data["selection"]);
      if (!selection || !isIndex(data["request"]) || !isIndex(data["function"])) return undefined;
      return { type: "getCallers", request: data["request"], function: data["function"], selection };
    }
    case "getFindings": {
      const selection = readSelection(data["selection"]);
      return selection && isIndex(data["request"]) ? { type: "getFindings", request: data["request"], selection } : undefined;
    }
    case "annotate":
      return isIndex(data["function"]) ? { type: "annotate", function: data["function"] } : undefined;
    case "openFinding":
      return typeof data["id"] === "string" ? { type: "openFinding", id: data["id"] } : undefined;
    case "getTable": {
      const selection = readSelection(data["selection"]);
      const { request, kind } = data;
      return selection && isIndex(request) && isTableKind(kind) ? { type: "getTable", request, kind, selection } : undefined;
    }
    case "openRow": {
      const selection = readSelection(data["selection"]);
      const { kind, id, preserveFocus } = data;
      if (!selection || !isTableKind(kind) || !isIndex(id) || typeof preserveFocus !== "boolean") return undefined;
      return { type: "openRow", kind, id, selection, preserveFocus };
    }
    case "openSource": {
      const selection = readSelection(data["selection"]);
      if (!selection || !isIndex(data["function"]) || typeof data["preserveFocus"] !== "boolean") return undefined;
      return { type: "openSource", function: data["function"], selection, preserveFocus: data["preserveFocus"] };
    }
    case "select": {
      const selection = readSelection(data["selection"]);
      return selection && { type: "select", selection };
    }
    case "copy":
      return typeof data["text"] === "string" ? { type: "copy", text: data["text"].slice(0, LONGEST_COPY) } : undefined;
    case "picture": {
      const { format, data: picture } = data;
      if ((format !== "png" && format !== "svg") || typeof picture !== "string" || picture.length > LARGEST_PICTURE) return undefined;
      return { type: "picture", format, data: picture };
    }
    default:
      return undefined;
  }
}

function readSelection(value: unknown): Selection | undefined {
  if (!isRecord(value) || !isEvent(value["event"])) return undefined;
  const { fromNs, toNs, pids, threads, mergeWorkers, idle, waits } = value;
  if (!isOptional(idle, isBoolean) || !isOptional(mergeWorkers, isBoolean) || !isOptional(waits, isWaits)) return undefined;
  if (!isOptional(fromNs, isTime) || !isOptional(toNs, isTime) || !isOptional(pids, isIndices) || !isOptional(threads, isIndices)) {
    return undefined;
  }
  return {
    event: value["event"],
    ...(fromNs === undefined ? {} : { fromNs }),
    ...(toNs === undefined ? {} : { toNs }),
    ...(pids === undefined ? {} : { pids }),
    ...(threads === undefined ? {} : { threads }),
    ...(mergeWorkers === undefined ? {} : { mergeWorkers }),
    ...(idle === undefined ? {} : { idle }),
    ...(waits === undefined ? {} : { waits }),
  };
}

function readRange(value: unknown): TimeRange | undefined {
  if (!isRecord(value)) return undefined;
  const { fromNs, toNs } = value;
  if (!isOptional(fromNs, isTime) || !isOptional(toNs, isTime)) return undefined;
  return { ...(fromNs === undefined ? {} : { fromNs }), ...(toNs === undefined ? {} : { toNs }) };
}

function isOptional<T>(value: unknown, is: (value: unknown) => value is T): value is T | undefined {
  return value === undefined || is(value);
}

function isEvent(value: unknown): value is EventName {
  return typeof value === "string" && Object.hasOwn(EVENT_UNITS, value);
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isWaits(value: unknown): value is WaitClass[] {
  return Array.isArray(value) && value.every((each) => WAIT_CLASSES.some((known) => known === each));
}

function isTableKind(value: unknown): value is TableKind {
  return TABLE_KINDS.some((known) => known === value);
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isIndex(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isIndices(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isIndex);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
