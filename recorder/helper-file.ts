/** The helper's binary: where it lies, and whether this machine can run it. */
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { FlamelineError } from "./failures.js";

/** Paths of what the recorder starts, beside the program's own bundle. */
export interface ProgramFiles {
  readonly helperPath: string;
  /** The bundle of `askpass-main.ts`. */
  readonly askpassPath: string;
}

/** The files of a bundle that lies in `folder` (`dist/` of a checkout or of the extension). */
export function programFiles(folder: string): ProgramFiles {
  return { helperPath: join(folder, "flameline-helper"), askpassPath: join(folder, "askpass.js") };
}

/** e_machine of the ELF header (elf(5)), by node's name of the processor. */
const ELF_MACHINES: Readonly<Record<string, number>> = { ia32: 3, arm: 40, x64: 62, arm64: 183, riscv64: 243, loong64: 258 };

/** Fails unless `path` is a Linux program for the processor `arch`. */
export function checkHelperFile(path: string, arch: string): void {
  const header = readHeader(path);
  const found = elfProcessor(header);
  if (found !== arch) throw new FlamelineError({ kind: "helper-wrong-processor", path, found, expected: arch });
}

/** The processor that a program's first 20 bytes name, or what it is instead. */
function elfProcessor(header: Buffer): string {
  if (header.length < 20 || header.readUInt32BE(0) !== 0x7f454c46) return "no Linux program";
  const littleEndian = header[5] === 1;
  const machine = littleEndian ? header.readUInt16LE(18) : header.readUInt16BE(18);
  const name = Object.entries(ELF_MACHINES).find(([, value]) => value === machine)?.[0];
  return name ?? `another processor (ELF machine ${machine})`;
}

function readHeader(path: string): Buffer {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw new FlamelineError({ kind: "helper-missing", path }, error);
  }
  try {
    const header = Buffer.alloc(20);
    const bytes = readSync(file, header, 0, 20, 0);
    return header.subarray(0, bytes);
  } finally {
    closeSync(file);
  }
}
