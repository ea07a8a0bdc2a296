import * as vscode from "vscode";
import type { ServerSettings } from "../protocol/language-server.js";

/** Every setting of `package.json`, by its name without "flameline."; a unit test compares the two. */
export interface Settings {
  /** Samples a second on each processor: 1 to 999. */
  readonly sampleRate: number;
  readonly profileSeconds: number;
  readonly "heat.enabled": boolean;
  readonly "heat.endOfLine": boolean;
  readonly "lenses.position": ServerSettings["lenses"];
  /** 0 to 100. */
  readonly "lenses.minimumPercent": number;
  readonly justMyCode: boolean;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly pathMappings: ServerSettings["pathMappings"];
  readonly "storage.limitMegabytes": number;
}

/** What holds where neither the user nor `package.json` says anything; the same test compares these too. */
export const DEFAULTS: Settings = {
  sampleRate: 99,
  profileSeconds: 30,
  "heat.enabled": true,
  "heat.endOfLine": false,
  "lenses.position": "above",
  "lenses.minimumPercent": 0.5,
  justMyCode: true,
  include: [],
  exclude: [],
  pathMappings: [],
  "storage.limitMegabytes": 1024,
};

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
