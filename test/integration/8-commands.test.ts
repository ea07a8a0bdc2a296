import * as assert from "node:assert";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { gunzipSync } from "node:zlib";
import * as vscode from "vscode";
import { type ProcessSource, workspacePlan } from "../../extension/recording/plans.js";
import { RecordingSession } from "../../extension/recording/recording-session.js";
import { decodePprof } from "../../profile/formats/pprof.js";
import type { ProcessListEntry } from "../../protocol/helper.js";
import { extension, lensesOf, ownParts, profileOf, stubbed, until, workspaceFolder } from "./window.js";

/** A helper that knows these processes, which nothing is recorded of. */
const helperThatSees = (...processes: Partial<ProcessListEntry>[]): ProcessSource => {
  const empty = { parentPid: 1, name: "", executable: "", commandLine: [], workingDirectory: "/", uid: 0, cpuNs: 0 };
  return {
    hello: { pid: 1 },
    processes: async () => processes.map((process, index) => ({ ...empty, pid: 4_000_000 + index, ...process })),
  };
};

describe("the helper service", () => {
  /** What a command types into a terminal. Nothing is run: it would ask for root. */
  async function typed(command: string): Promise<{ name?: string | undefined; cwd?: string | vscode.Uri | undefined; text: string }> {
    const window = vscode.window as { createTerminal: unknown };
    const real = window.createTerminal;
    let opened: vscode.TerminalOptions = {};
    let text = "";
    window.createTerminal = (options: vscode.TerminalOptions) => {
      opened = options;
      return { show: () => undefined, sendText: (line: string) => (text += line) };
    };
    try {
      await vscode.commands.executeCommand(command);
    } finally {
      window.createTerminal = real;
    }
    return { name: opened.name, cwd: opened.cwd, text };
  }

  it("is installed and removed by the command, in a terminal outside the workspace", async () => {
    for (const [command, action] of [
      ["flameline.installService", "install"],
      ["flameline.removeService", "uninstall"],
    ] as const) {
      const { cwd, text } = await typed(command);
      assert.strictEqual(cwd, "/");
      const script = path.join(extension().extensionPath, "dist/flameline.js");
      assert.ok(text.startsWith("ELECTRON_RUN_AS_NODE=1 "), text);
      assert.ok(text.replaceAll("'", "").endsWith(` ${script} helper ${action}`), text);
      assert.ok(existsSync(script));
    }
  });
});

describe("commands that ask with dialogs", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "flameline-export-"));
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await vscode.commands.executeCommand("flameline.clearHeat");
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  });

  const exportTo = (target: string, format: string) =>
    stubbed(
      "showQuickPick",
      (items: readonly { format: string }[]) => items.find((item) => item.format === format),
      () =>
        stubbed(
          "showSaveDialog",
          () => vscode.Uri.file(target),
          () =>
            stubbed(
              "showInformationMessage",
              () => undefined,
              () => vscode.commands.executeCommand("flameline.export"),
            ),
        ),
    );

  it("Export… without a recording says what to do first", async () => {
    await vscode.commands.executeCommand("flameline.clearHeat");
    const said = await stubbed(
      "showErrorMessage",
      () => undefined,
      () => vscode.commands.executeCommand("flameline.export"),
    );
    assert.deepStrictEqual(said, ["No recording is open. Record one, or open a profile.", "Profile This Workspace", "Open Profile…"]);
  });

  it("Open Profile… opens the file that is chosen", async () => {
    const app = path.join(workspaceFolder(), "app.py");
    const file = profileOf("chosen", [
      { frames: [`main:22 (${app})`, `slow_sum:8 (${app})`], value: 60e6 },
      { frames: [`main:22 (${app})`], value: 40e6 },
    ]);
    await stubbed(
      "showOpenDialog",
      () => [vscode.Uri.file(file)],
      () => vscode.commands.executeCommand("flameline.openProfile"),
    );
    const document = await vscode.workspace.openTextDocument(app);
    await until("its lenses", async () => (await lensesOf(document)).some((lens) => lens.startsWith("5: 60 % total")));
  });

  it("Export… writes pprof that reads the same", async () => {
    const target = path.join(folder, "out.pb.gz");
    await exportTo(target, "pprof");
    const { recording, warnings } = decodePprof(gunzipSync(readFileSync(target)));
    assert.deepStrictEqual([recording.info.name, recording.samples.length, warnings], ["chosen", 2, []]);
  });

  it("Export… writes collapsed stacks", async () => {
    const target = path.join(folder, "out.folded");
    await exportTo(target, "collapsed");
    const lines = readFileSync(target, "utf8").trim().split("\n");
    assert.deepStrictEqual(lines.slice(1).toSorted(), ["main 40000000", "main;slow_sum 60000000"]);
  });

  it("Export… to a folder that is gone says so and writes nothing", async () => {
    const target = path.join(folder, "gone", "out.folded");
    const said = await stubbed(
      "showErrorMessage",
      () => undefined,
      () => exportTo(target, "collapsed"),
    );
    assert.match(String(said[0]), /could not be written/);
    assert.strictEqual(existsSync(path.dirname(target)), false);
  });
});

describe("a workspace that is not trusted", () => {
  const trusted = Object.getOwnPropertyDescriptor(vscode.workspace, "isTrusted");
  beforeEach(() => Object.defineProperty(vscode.workspace, "isTrusted", { configurable: true, get: () => false }));
  afterEach(() => Object.defineProperty(vscode.workspace, "isTrusted", trusted ?? {}));

  it("is not recorded: no helper is looked for, and the reason is told", async () => {
    const parts = ownParts();
    let looked = false;
    const connect = () => {
      looked = true;
      return Promise.reject(new Error("no helper"));
    };
    const session = new RecordingSession(connect, parts.server, parts.kept, parts.log, () => undefined);
    await assert.rejects(
      session.record(async () => undefined),
      /trust/i,
    );
    assert.deepStrictEqual([looked, session.state.kind], [false, "idle"]);
    for (const command of ["profileWorkspace", "profileProcess", "profileCurrentFile"]) {
      await vscode.window.showTextDocument(vscode.Uri.file(path.join(workspaceFolder(), "app.py")));
      const said = await stubbed(
        "showErrorMessage",
        () => undefined,
        () => vscode.commands.executeCommand(`flameline.${command}`),
      );
      assert.match(String(said[0]), /Trust this workspace and record again\.$/, command);
    }
  });

  it("is what package.json promises: profiles open, and a path mapping of the workspace is not believed", () => {
    const { capabilities } = extension().packageJSON as {
      capabilities: { untrustedWorkspaces: { supported: unknown; restrictedConfigurations: readonly string[] } };
    };
    assert.strictEqual(capabilities.untrustedWorkspaces.supported, "limited");
    assert.ok(capabilities.untrustedWorkspaces.restrictedConfigurations.includes("flameline.pathMappings"));
  });
});

describe("a workspace with several folders", () => {
  let second: string;
  before(async () => {
    second = mkdtempSync(path.join(tmpdir(), "flameline-second-"));
    mkdirSync(path.join(second, "lib"));
    writeFileSync(path.join(second, "lib", "tax.py"), "def vat(x):\n    return x * 2\n");
    vscode.workspace.updateWorkspaceFolders(1, 0, { uri: vscode.Uri.file(second) });
    await until("the second folder", () => vscode.workspace.workspaceFolders?.length === 2);
  });
  after(async () => {
    vscode.workspace.updateWorkspaceFolders(1, 1);
    await until("one folder", () => vscode.workspace.workspaceFolders?.length === 1);
    await vscode.commands.executeCommand("flameline.clearHeat");
    rmSync(second, { recursive: true, force: true });
  });

  it("is recorded as a whole, without what other extensions start", async () => {
    const plan = await workspacePlan(helperThatSees({ executable: path.join(second, "bin", "app") }));
    assert.ok(plan?.target.kind === "workspace");
    assert.deepStrictEqual(plan.target.folders, [workspaceFolder(), second]);
    assert.deepStrictEqual(plan.target.excludeTrees, [process.pid]);
    // VS Code's own search tool is in one of them.
    const tools = plan.target.excludePrograms
      .map((folder) => path.join(folder, "@vscode"))
      .filter((folder) => existsSync(folder))
      .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }));
    assert.ok(tools.some((file) => /^ripgrep.*\/rg$/.test(file)));
    assert.ok(plan.target.excludePids.includes(process.pid));
    assert.strictEqual(plan.name, `${path.basename(workspaceFolder())} + ${path.basename(second)}`);
  });

  it("has lenses in each folder, also in one that was added while the server ran, and by a path of another machine", async () => {
    const app = path.join(workspaceFolder(), "app.py");
    const file = profileOf("two-folders", [
      { frames: [`main:22 (${app})`], value: 30e6 },
      { frames: ["vat:2 (/build/agent7/lib/tax.py)"], value: 70e6 },
    ]);
    await vscode.commands.executeCommand("flameline.openProfile", vscode.Uri.file(file));
    const lens = async (source: string, start: string) => {
      const document = await vscode.workspace.openTextDocument(source);
      await until(`the lens ${start} of ${source}`, async () => (await lensesOf(document)).some((each) => each.startsWith(start)));
    };
    await lens(app, "19: 30 % total");
    await lens(path.join(second, "lib", "tax.py"), "1: 70 % total");
  });
});
