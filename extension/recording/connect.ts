import * as vscode from "vscode";
import type { HelperConnection } from "../../recorder/helper-connection.js";
import { programFiles } from "../../recorder/helper-file.js";
import { askPassword } from "./elevation.js";

/**
 * Finds the running helper of this user or starts one from `distFolder`; with `restart` a running one is ended first.
 * Nobody is asked for a password where not `mayAsk`. Throws what `describe`
 * explains.
 */
export async function connectToHelper(
  distFolder: string,
  log: vscode.LogOutputChannel,
  signal: AbortSignal,
  restart: boolean,
  mayAsk = true,
): Promise<HelperConnection> {
  // Loaded here, with the WebSocket library below them: the window may never record.
  const [{ connectHelper }, { restartHelper }] = await Promise.all([
    import("../../recorder/connect-helper.js"),
    import("../../recorder/restart-helper.js"),
  ]);
  return (restart ? restartHelper : connectHelper)({
    ...programFiles(distFolder),
    elevation: mayAsk ? { askPassword } : {},
    client: `VS Code ${vscode.version}`,
    signal,
    log: (line) => log.info(line),
  });
}
