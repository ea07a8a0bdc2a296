import * as vscode from "vscode";
import type { ServerSettings } from "../protocol/language-server.js";
import { DEFAULTS, type Settings } from "./settings-catalogue.js";

export function setting<K extends keyof Settings>(name: K): Settings[K] {
  return vscode.workspace.getConfiguration("flameline").get<Settings[K]>(name, DEFAULTS[name]);
}

export async function changeSetting<K extends keyof Settings>(name: K, value: Settings[K]): Promise<void> {
  const configuration = vscode.workspace.getConfiguration("flameline");
  const inWorkspace = configuration.inspect(name)?.workspaceValue !== undefined;
  await configuration.update(name, value, inWorkspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global);
}

export function serverSettings(): ServerSettings {
  return {
    lenses: setting("lenses.position"),
    minimumShare: Math.min(Math.max(setting("lenses.minimumPercent"), 0), 100) / 100,
    justMyCode: setting("justMyCode"),
    include: setting("include"),
    exclude: setting("exclude"),
    pathMappings: setting("pathMappings"),
    fixes: { enabled: setting("fixes.enabled"), minimumShare: Math.min(Math.max(setting("fixes.minimumPercent"), 0), 100) / 100 },
  };
}

/** Calls back after a change of one of `names`, or of any of ours where none is given. */
export function onSettings(names: readonly (keyof Settings)[], changed: () => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    const ours = names.length === 0 ? ["flameline"] : names.map((name) => `flameline.${name}`);
    if (ours.some((name) => event.affectsConfiguration(name))) {
      changed();
    }
  });
}
