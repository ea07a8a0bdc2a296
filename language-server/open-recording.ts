import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { ServerError } from "./failures.js";
import { keepRecording } from "./keep-recording.js";
import { LoadedRecording } from "./loaded-recording.js";
import { readBatchesFile, readProfile } from "./read-profile.js";
import type { Workspace } from "./workspace.js";

/** A recording that is read only to compare with must be small enough to be no burden, in bytes of `run.pb.gz`. */
const MAX_COMPARED_BYTES = 16e6;

/**
 * Opens a profile file or a kept recording's folder; `ended` says that its writer is known to be done. Throws a
 * {@link ServerError}.
 */
export async function openPath(workspace: Workspace, path: string, ended = false): Promise<LoadedRecording> {
  const absolute = resolve(path);
  const found = await stat(absolute).catch(() => undefined);
  if (found?.isDirectory() === true) {
    return openFolder(workspace, absolute, ended);
  }
  const folder = dirname(absolute);
  // A recording's own file is the recording, with its sources.
  if (/^(run\.pb\.gz|batches\.jsonl)$/.test(basename(absolute)) && dirname(folder) === join(workspace.storage, "recordings")) {
    return openFolder(workspace, folder, ended);
  }
  const { recording, warnings } = await readProfile(absolute);
  const name = recording.info.name || basename(absolute);
  return new LoadedRecording(workspace, { id: absolute, name, folder: undefined, recording, live: false, warnings });
}

/**
 * Opens a recording's folder. Where `batches.jsonl` is left, the server or the window crashed before the recording was
 * finished: it is read and finished now, unless its writer still lives.
 */
async function openFolder(workspace: Workspace, folder: string, ended = false): Promise<LoadedRecording> {
  const meta = await readMeta(folder);
  const batches = join(folder, "batches.jsonl");
  const unfinished = (await stat(batches).catch(() => undefined)) !== undefined;
  const run = join(folder, "run.pb.gz");
  if (!unfinished && (await stat(run).catch(() => undefined)) === undefined) {
    throw new ServerError({ kind: "not-a-profile", path: folder });
  }
  const { recording, warnings } = await (unfinished ? readBatchesFile(batches) : readProfile(run));
  const name = meta.name || recording.info.name || basename(folder);
  const loaded = new LoadedRecording(workspace, { id: basename(folder), name, folder, recording, live: false, warnings });
  await loaded.texts.load();
  if (unfinished && (ended || !meta.writerLives)) {
    loaded.messages = Number.POSITIVE_INFINITY;
    await loaded.captureUnchanged();
    await keepRecording(loaded, folder);
  }
  return loaded;
}

/**
 * Finishes what a crash left behind in the storage, but for recordings that `isLive` here; answers the ids. Never throws: what fails is
 * tried again when it is opened.
 */
export async function finishLeftovers(
  workspace: Workspace,
  isLive: (id: string) => boolean,
  log: (message: string) => void,
): Promise<string[]> {
  const root = join(workspace.storage, "recordings");
  const finished: string[] = [];
  for (const id of await readdir(root).catch(() => [])) {
    const folder = join(root, id);
    const meta = await readMeta(folder);
    if (isLive(id) || meta.writerLives || (await stat(join(folder, "batches.jsonl")).catch(() => undefined)) === undefined) {
      continue;
    }
    try {
      await openFolder(workspace, folder);
      finished.push(id);
    } catch (error) {
      log(`the recording ${id} could not be finished: ${String(error)}`);
    }
  }
  return finished;
}

/** The folder of a recording in the storage; throws a {@link ServerError} where there is none of that name. */
export function findRecording(workspace: Workspace, id: string): string {
  if (id === "" || id !== basename(id) || id.startsWith(".")) {
    throw new ServerError({ kind: "other-recording", id });
  }
  return join(workspace.storage, "recordings", id);
}

/** The finished recording before the one in `folder`: their names begin with the time. Undefined where there is none. */
export async function previousRecording(workspace: Workspace, folder: string): Promise<LoadedRecording | undefined> {
  const names = (await readdir(dirname(folder)).catch(() => [])).filter((name) => name < basename(folder)).sort();
  for (const name of names.reverse()) {
    const candidate = join(dirname(folder), name);
    const run = await stat(join(candidate, "run.pb.gz")).catch(() => undefined);
    if (
      run !== undefined &&
      run.size <= MAX_COMPARED_BYTES &&
      (await stat(join(candidate, "batches.jsonl")).catch(() => undefined)) === undefined
    ) {
      return openFolder(workspace, candidate);
    }
  }
  return undefined;
}

/** What the recorder's `meta.json` says that matters here; a missing or damaged one says nothing. */
async function readMeta(folder: string): Promise<{ name: string; writerLives: boolean }> {
  try {
    const meta: unknown = JSON.parse(await readFile(join(folder, "meta.json"), "utf8"));
    if (typeof meta !== "object" || meta === null) {
      return { name: "", writerLives: false };
    }
    const name = "name" in meta && typeof meta.name === "string" ? meta.name : "";
    const recording = "state" in meta && meta.state === "recording";
    const pid = "writerPid" in meta && typeof meta.writerPid === "number" ? meta.writerPid : 0;
    return { name, writerLives: recording && lives(pid) };
  } catch {
    return { name: "", writerLives: false };
  }
}

function lives(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    // EPERM: someone else's process, which is not the writer that made the folder for us.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
