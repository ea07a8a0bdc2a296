import * as assert from "node:assert";
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";
import { COMMAND_NAMES } from "../../extension/command-names.js";
import { changeSetting, onSettings, serverSettings, setting } from "../../extension/settings.js";
import { DEFAULTS, type Settings } from "../../extension/settings-catalogue.js";
import { extension, until } from "./window.js";

describe("the extension in a window", () => {
  it("looks whether profiling is to go on when the window has started, and starts no process until it is asked", async () => {
    await until("the look", () => extension().isActive);
    assert.deepStrictEqual(ownChildren(), []);
  });

  it("is active after one of its commands, and every command is registered", async () => {
    await vscode.commands.executeCommand("flameline.showLog");
    assert.strictEqual(extension().isActive, true);
    const registered = await vscode.commands.getCommands(true);
    const missing = COMMAND_NAMES.filter((name) => !registered.includes(`flameline.${name}`));
    assert.deepStrictEqual(missing, []);
  });

  it("has read nothing but its own code by then: libraries are read by the first use", () => {
    const dist = path.join(extension().extensionPath, "dist", path.sep);
    const read = Object.keys(require.cache).filter((file) => file.startsWith(dist));
    assert.ok(read.includes(path.join(dist, "extension.js")), "the extension's modules are seen");
    const sources = read.flatMap((file) => (JSON.parse(readFileSync(`${file}.map`, "utf8")) as { sources: string[] }).sources);
    assert.ok(sources.some((source) => source.endsWith("extension/main.ts")));
    assert.deepStrictEqual(
      sources.filter((source) => source.includes("node_modules")),
      [],
    );
  });

  it("reads every setting with its default", () => {
    const read = Object.keys(DEFAULTS).map((name) => [name, setting(name as keyof Settings)]);
    assert.deepStrictEqual(Object.fromEntries(read), DEFAULTS);
  });

  it("hears of a changed setting, and hands it to the server in the server's units", async () => {
    let heard = 0;
    const listener = onSettings(["lenses.minimumPercent"], () => heard++);
    await changeSetting("lenses.minimumPercent", 5);
    await until("the change", () => heard > 0);
    assert.strictEqual(serverSettings().minimumShare, 0.05);
    await vscode.workspace.getConfiguration("flameline").update("lenses.minimumPercent", undefined, vscode.ConfigurationTarget.Global);
    await until("the default", () => serverSettings().minimumShare === 0.005);
    listener.dispose();
  });

  it("turns heat off and on by its commands", async () => {
    await vscode.commands.executeCommand("flameline.toggleHeat");
    assert.strictEqual(setting("heat.enabled"), false);
    await vscode.commands.executeCommand("flameline.toggleHeat");
    assert.strictEqual(setting("heat.enabled"), true);
  });
});

/** Command lines of the processes that our extension has started. */
function ownChildren(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const parent = Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        return parent === process.pid && line.includes(extension().extensionPath) ? [line] : [];
      } catch {
        return []; // it has ended
      }
    });
}
