import { readHead } from "./perf-lines.js";
import { decodeUtf8 } from "./utf8.js";

export type TextFormat = "json" | "perf" | "collapsed";

/** Bytes of the beginning that tell the format. */
const TELLING_BYTES = 4096;

/** Tells a file's format by its first bytes, unpacked; names are not trusted. */
export function formatOf(head: Uint8Array): "pprof" | "perf-data" | TextFormat {
  const telling = head.subarray(0, TELLING_BYTES);
  const text = decodeUtf8(telling).replace(/^\ufeff/, "");
  if (/^\s*\{\s*("|\}|$)/.test(text)) return "json";
  if (/^PERFILE|^2ELIFREP/.test(text)) return "perf-data";
  // Text has no control characters but white space; a pprof's first fields always have some.
  if (telling.some((byte) => byte < 9 || (byte > 13 && byte < 32))) return "pprof";
  const line = text.split("\n").find((each) => each.trim() !== "" && !each.startsWith("#")) ?? "";
  return readHead(line) === undefined ? "collapsed" : "perf";
}
