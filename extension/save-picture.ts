import * as path from "node:path";
import * as vscode from "vscode";
import { WindowError } from "./failures.js";
import type { FlameGraphs } from "./flame-graphs.js";
import { plainMessage } from "./plain-message.js";

/** Writes what a flame graph shows to a PNG or SVG file where the user says. */
export async function savePicture(graphs: Pick<FlameGraphs, "shown">): Promise<void> {
  const graph = graphs.shown;
  if (graph === undefined) throw new WindowError({ kind: "no-graph" });
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const target = await vscode.window.showSaveDialog({
    title: "Save Picture",
    filters: { "PNG picture": ["png"], "SVG drawing": ["svg"] },
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, "flame-graph.png") }),
  });
  if (target === undefined) return;
  const picture = await graph.picture(path.extname(target.path).toLowerCase() === ".svg" ? "svg" : "png");
  if (picture.length === 0) throw new WindowError({ kind: "no-graph" });
  await vscode.workspace.fs.writeFile(target, picture);
  await vscode.window.showInformationMessage(plainMessage(`Saved ${path.basename(target.path)}.`));
}
