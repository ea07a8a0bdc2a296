/**
 * The last minutes on disk: `ring.json` and segments, each the messages of one recording of about a minute with its own tables, named by the
 * wall clock of its start. The oldest go first, by age and by bytes, so the folder is bounded at any moment; every message is in the file
 * before anything else is done with it, so a crash of any of our processes loses nothing that had come. `profile-files/read-ring.ts` reads it.
 */
import { constants, existsSync } from "node:fs";
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FlamelineError } from "../failures.js";
import { notWritten } from "../recording-writer.js";
import { isStillWriting } from "../writer-process.js";

export interface RingLimits {
  /** What is older goes. */
  readonly minutes: number;
  /** All segments together, at any moment. */
  readonly bytes: number;
}

/** Who gets the files where root writes for a user. */
export interface RingOwner {
  readonly uid: number;
  readonly gid: number;
}

interface OldSegment {
  readonly name: string;
  readonly bytes: number;
  /** Wall clock, ms since 1970, of its last message. */
  readonly endMs: number;
}

const SEGMENT = /^(\d{13})-\d+\.jsonl$/;
/** A segment of this part of the limit is full: what goes by bytes is then a small part of what is there. */
const SEGMENT_PARTS = 16;
const RING_FORMAT = 1;

export class Ring {
  readonly folder: string;
  readonly limits: RingLimits;
  readonly #owner: RingOwner | undefined;
  #old: OldSegment[] = [];
  readonly #open = new Set<RingSegment>();

  private constructor(folder: string, limits: RingLimits, owner: RingOwner | undefined) {
    this.folder = folder;
    this.limits = limits;
    this.#owner = owner;
  }

  /** Takes over what an earlier run left. Throws `file-not-written`, and `keep-elsewhere` where another process writes there. */
  static async open(
    folder: string,
    limits: RingLimits,
    about: { readonly name: string; readonly owner?: RingOwner | undefined },
  ): Promise<Ring> {
    const ring = new Ring(folder, limits, about.owner);
    try {
      const made = await mkdir(folder, { recursive: true, mode: 0o700 });
      if (made !== undefined) await give(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW, about.owner);
      const pid = await writerOf(folder);
      if (pid !== undefined) throw new FlamelineError({ kind: "keep-elsewhere", folder, pid });
      const next = join(folder, `ring.json.${process.pid}`);
      const facts = { format: RING_FORMAT, name: about.name, writerPid: process.pid, startedUnixMs: Date.now(), minutes: limits.minutes };
      await writeFile(next, `${JSON.stringify(facts)}\n`, { mode: 0o600 });
      await give(next, constants.O_RDWR | constants.O_NOFOLLOW, about.owner);
      await rename(next, join(folder, "ring.json"));
      for (const name of (await readdir(folder)).filter((each) => SEGMENT.test(each)).toSorted()) {
        const { size, mtimeMs } = await stat(join(folder, name));
        ring.#old.push({ name, bytes: size, endMs: mtimeMs });
      }
      await ring.makeRoom(0);
    } catch (error) {
      throw notWritten(folder, error);
    }
    return ring;
  }

  /** What all segments take now. */
  get bytes(): number {
    return [...this.#old, ...this.#open].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Makes the file of a new segment. Throws `file-not-written`. */
  async segment(startUnixMs: number): Promise<RingSegment> {
    try {
      for (let attempt = 0; ; attempt++) {
        const name = `${String(startUnixMs).padStart(13, "0")}-${attempt}.jsonl`;
        const file = await open(join(this.folder, name), "ax", 0o600).catch((error: unknown) => {
          if (attempt < 100 && error instanceof Error && "code" in error && error.code === "EEXIST") return undefined;
          throw error;
        });
        if (file === undefined) continue;
        if (this.#owner !== undefined) await file.chown(this.#owner.uid, this.#owner.gid);
        const segment = new RingSegment(this, name, file);
        this.#open.add(segment);
        return segment;
      }
    } catch (error) {
      throw notWritten(this.folder, error);
    }
  }

  /** Removes what is too old, and the oldest until `bytes` more have room; false where even then they have none. */
  async makeRoom(bytes: number): Promise<boolean> {
    const oldestMs = Date.now() - this.limits.minutes * 60_000;
    for (let [oldest] = this.#old; oldest !== undefined; [oldest] = this.#old) {
      if (oldest.endMs >= oldestMs && this.bytes + bytes <= this.limits.bytes) break;
      await rm(join(this.folder, oldest.name), { force: true });
      this.#old.shift();
    }
    return this.bytes + bytes <= this.limits.bytes;
  }

  /** A segment takes no more. */
  closed(segment: RingSegment): void {
    if (this.#open.delete(segment)) this.#old.push({ name: segment.name, bytes: segment.bytes, endMs: Date.now() });
  }

  /** Gives the folder free for another process. */
  async close(): Promise<void> {
    for (const segment of this.#open) await segment.end();
    const file = join(this.folder, "ring.json");
    const text = await readFile(file, "utf8").catch(() => "{}");
    await writeFile(file, text.replace(/"writerPid":\d+/, '"writerPid":0')).catch(() => undefined);
  }
}

/** Whether a folder holds a ring. */
export function isRing(folder: string): boolean {
  return existsSync(join(folder, "ring.json"));
}

/** One segment that is being written. */
export class RingSegment {
  readonly name: string;
  readonly #ring: Ring;
  readonly #file: FileHandle;
  #bytes = 0;
  #ended = false;

  constructor(ring: Ring, name: string, file: FileHandle) {
    this.#ring = ring;
    this.name = name;
    this.#file = file;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Time for the next one. */
  get full(): boolean {
    return this.#bytes > this.#ring.limits.bytes / SEGMENT_PARTS;
  }

  /** Writes one message as received; it is in the file when this resolves. Throws `file-not-written`. */
  async append(text: string): Promise<void> {
    const line = `${text.includes("\n") ? text.replaceAll("\n", " ") : text}\n`;
    const bytes = Buffer.byteLength(line);
    if (!(await this.#ring.makeRoom(bytes))) {
      throw new FlamelineError({ kind: "recording-too-large", limit: this.#ring.limits.bytes });
    }
    // Counted before it is written: what is on the disk is never more than what is counted.
    this.#bytes += bytes;
    try {
      await this.#file.appendFile(line);
    } catch (error) {
      throw notWritten(this.#ring.folder, error);
    }
  }

  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#ring.closed(this);
    // A power cut loses the segment that is being written, a crash of ours does not.
    await this.#file.datasync().catch(() => undefined);
    await this.#file.close().catch(() => undefined);
  }
}

async function give(path: string, flags: number, owner: RingOwner | undefined): Promise<void> {
  if (owner === undefined) return;
  const file = await open(path, flags);
  try {
    await file.chown(owner.uid, owner.gid);
  } finally {
    await file.close();
  }
}

/** The process that writes a ring, if it lives and is another than this one. */
async function writerOf(folder: string): Promise<number | undefined> {
  try {
    const { writerPid, startedUnixMs } = JSON.parse(await readFile(join(folder, "ring.json"), "utf8")) as Record<string, unknown>;
    if (typeof writerPid !== "number" || typeof startedUnixMs !== "number" || writerPid === process.pid) return undefined;
    return isStillWriting(writerPid, startedUnixMs) ? writerPid : undefined;
  } catch {
    return undefined;
  }
}
