import { closeSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

const CHUNK_BYTES = 1 << 20;

/** The lines of a text file, read piece by piece so that a long recording is never one string. Throws when it cannot be read. */
export function* readLines(path: string): Generator<string> {
  const file = openSync(path, "r");
  try {
    const decoder = new StringDecoder("utf8");
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let rest: string[] = [];
    for (let bytes = readSync(file, chunk); bytes > 0; bytes = readSync(file, chunk)) {
      const lines = decoder.write(chunk.subarray(0, bytes)).split("\n");
      for (const [index, line] of lines.entries()) {
        rest.push(line);
        if (index < lines.length - 1) {
          yield rest.join("");
          rest = [];
        }
      }
    }
    rest.push(decoder.end());
    const last = rest.join("");
    if (last !== "") {
      yield last;
    }
  } finally {
    closeSync(file);
  }
}
