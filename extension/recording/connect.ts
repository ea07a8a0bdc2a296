import * as vscode from "vscode";
import type { HelperConnection } from "../../recorder/helper-connection.js";
import { askPassword } from "./elevation.js";

/** Finds the running helper of this user or starts one from `distFolder`; throws what `describe` explains. */
export async function connectToHelper(distFolder: string, log: vscode.LogOutputChannel, signal: AbortSignal): Promise<HelperConnection> {
  // Loaded here: the window may never record.
  const [{ connectHelper }, { programFiles }] = await Promise.all([
    import("../../recorder/connect-helper.js"),
    import("../../recorder/helper-file.js"),
  ]);
  return connectHelper({
    ...programFiles(distFolder),
    elevation: { askPassword },
    client: `VS Code ${vscode.version}`,
    signal,
    log: (line) => log.info(line),
  });
}
