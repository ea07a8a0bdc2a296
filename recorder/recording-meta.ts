/** `meta.json` of a kept recording: what lists show without reading samples. */
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EventName } from "../protocol/events.js";

/** Raised with every change that an older reader would misread. */
export const META_FORMAT = 1;

type RecordingState =
  /** Being written by the process `writerPid`. */
  | "recording"
  /** Ended in order. */
  | "ended"
  /** The helper or the writer died; what was taken until then is there. */
  | "interrupted";

export interface RecordingMeta {
  readonly format: typeof META_FORMAT;
  /** Name of the recording's folder; stable. */
  readonly id: string;
  readonly name: string;
  /** The user named it: the limit never removes it. */
  readonly named: boolean;
  /** Workspace folders, absolute. */
  readonly folders: readonly string[];
  readonly startedUnixMs: number;
  readonly events: readonly EventName[];
  readonly hz: number;
  readonly state: RecordingState;
  readonly writerPid: number;
  readonly durationNs: number;
  readonly batches: number;
  readonly samples: number;
  /** One sentence each: why it was interrupted, batches that are missing, the command's status. */
  readonly notes: readonly string[];
}

/** By rename, so that a reader sees the old text or the new one. */
export async function writeMeta(folder: string, meta: RecordingMeta): Promise<void> {
  const next = join(folder, `meta.json.${process.pid}`);
  await writeFile(next, `${JSON.stringify(meta, undefined, 2)}\n`, { mode: 0o600 });
  await rename(next, join(folder, "meta.json"));
}

/** Undefined for what is no `meta.json` of ours; members that are missing get their plainest value. */
export function parseMeta(text: string, id: string): RecordingMeta | undefined {
  try {
    const value = JSON.parse(text) as Partial<RecordingMeta>;
    if (value.format !== META_FORMAT || typeof value.startedUnixMs !== "number") return undefined;
    return {
      format: META_FORMAT,
      id,
      name: value.name ?? id,
      named: value.named === true,
      folders: value.folders ?? [],
      startedUnixMs: value.startedUnixMs,
      events: value.events ?? [],
      hz: value.hz ?? 0,
      state: value.state ?? "interrupted",
      writerPid: value.writerPid ?? 0,
      durationNs: value.durationNs ?? 0,
      batches: value.batches ?? 0,
      samples: value.samples ?? 0,
      notes: value.notes ?? [],
    };
  } catch {
    return undefined;
  }
}
