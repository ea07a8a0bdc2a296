import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { readBatchesInSteps } from "../profile/formats/batches.js";
import { Merger } from "../profile/merge.js";
import { readLines } from "./read-lines.js";
import type { ReadProfile, Reading } from "./read-profile.js";

/** Segments of a ring (`recorder/keep/ring.ts`) are named by the wall clock of their start, ms since 1970. */
const SEGMENT = /^(\d{13})-\d+\.jsonl$/;

/** Whether a folder is a ring of the last minutes. */
export async function isRing(folder: string): Promise<boolean> {
  return stat(join(folder, "ring.json")).then(
    (found) => found.isFile(),
    () => false,
  );
}

/**
 * Reads the last minutes of a ring, or all of it, as one recording. It may be written meanwhile: a segment that goes away is left out, and
 * half a message at the end of the newest is on its way. Throws `errorOf` where it holds nothing.
 */
export async function readRing(folder: string, lastMinutes: number, { errorOf, drive }: Reading): Promise<ReadProfile> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => SEGMENT.test(name)).toSorted();
  const newest = names.at(-1);
  const endMs =
    newest === undefined
      ? 0
      : await stat(join(folder, newest)).then(
          ({ mtimeMs }) => mtimeMs,
          () => Date.now(),
        );
  const fromMs = Number.isFinite(lastMinutes) ? endMs - lastMinutes * 60_000 : 0;
  const merger = new Merger(await nameOf(folder), fromMs);
  let parts = 0;
  for (const [index, name] of names.entries()) {
    // The next one's start is this one's end, or later.
    if (startOf(names[index + 1]) <= fromMs) continue;
    try {
      const { recording } = await drive(readBatchesInSteps(readLines(join(folder, name)), "", name === newest));
      if (recording.info.startUnixMs === 0) continue;
      await drive(merger.add(recording));
      parts++;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT"))
        throw errorOf(join(folder, name), { kind: "unreadable", cause: error });
    }
  }
  if (parts === 0) throw errorOf(folder, { kind: "not-a-profile", detail: "it keeps nothing yet" });
  const recording = merger.finish();
  return { recording, warnings: recording.warnings };
}

function startOf(name: string | undefined): number {
  return name === undefined ? Number.POSITIVE_INFINITY : Number(SEGMENT.exec(name)?.[1]);
}

async function nameOf(folder: string): Promise<string> {
  try {
    const { name } = JSON.parse(await readFile(join(folder, "ring.json"), "utf8")) as { name?: unknown };
    return typeof name === "string" ? name : "";
  } catch {
    return "";
  }
}
