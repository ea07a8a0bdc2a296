import * as vscode from "vscode";
import type { FlameGraphs } from "./flame-graphs.js";
import type { LanguageServer } from "./language-server-client.js";
import type { KeptRecordings } from "./recording/kept-recordings.js";
import type { RecordingItem } from "./trees/recordings-tree.js";

type RecordingCommand = "openRecording" | "renameRecording" | "deleteRecording" | "exportRecording";

/** What the commands of a row in the list of recordings do. */
export function recordingCommands(
  kept: KeptRecordings,
  server: LanguageServer,
  graphs: Pick<FlameGraphs, "show">,
  exportOpen: () => Promise<void>,
): Readonly<Record<RecordingCommand, (item?: unknown) => Promise<void>>> {
  return {
    openRecording: async (item) => {
      if (await openKept(kept, item)) {
        await graphs.show();
      }
    },
    renameRecording: (item) => renameRecording(kept, item),
    deleteRecording: (item) => deleteRecording(kept, server, item),
    exportRecording: async (item) => {
      if (await openKept(kept, item)) {
        await exportOpen();
      }
    },
  };
}

/**
 * The recording that a row's command is about. A click that meets the tree while it is drawn anew comes without its row: then it is the
 * only recording, or the user says which.
 */
async function recordingOf(kept: KeptRecordings, item: unknown): Promise<Pick<RecordingItem, "id" | "name"> | undefined> {
  if (item !== undefined) {
    return item as RecordingItem;
  }
  const all = await kept.list();
  if (all.length <= 1) {
    return all[0];
  }
  const rows = all.map(({ id, name, startUnixMs }) => ({ id, name, label: name, description: new Date(startUnixMs).toLocaleString() }));
  return vscode.window.showQuickPick(rows, { title: "Flameline: Which Recording?" });
}

async function openKept(kept: KeptRecordings, item: unknown): Promise<boolean> {
  const recording = await recordingOf(kept, item);
  if (recording === undefined) {
    return false;
  }
  const { id } = recording;
  const folder = await kept.folderOf(id);
  if (folder === undefined) {
    kept.changed();
    throw new Error("This recording is gone from the disk.");
  }
  await kept.open(folder, id);
  return true;
}

async function renameRecording(kept: KeptRecordings, item: unknown): Promise<void> {
  const recording = await recordingOf(kept, item);
  if (recording === undefined) {
    return;
  }
  const { id, name } = recording;
  const answer = await vscode.window.showInputBox({
    title: "Flameline: Rename Recording",
    prompt: "A recording with a name of your own is kept when space runs out.",
    value: name,
    validateInput: (text) => (text.trim() === "" ? "Type a name." : undefined),
  });
  if (answer !== undefined) {
    await kept.rename(id, answer.trim());
  }
}

async function deleteRecording(kept: KeptRecordings, server: LanguageServer, item: unknown): Promise<void> {
  const recording = await recordingOf(kept, item);
  if (recording === undefined) {
    return;
  }
  const { id, name } = recording;
  const answer = await vscode.window.showWarningMessage(
    `Delete the recording “${name}”? It can't be brought back.`,
    { modal: true },
    "Delete",
  );
  if (answer === "Delete") {
    if (kept.openId === id) {
      await server.ask("flameline/clear", {});
    }
    await kept.forget(id);
  }
}
