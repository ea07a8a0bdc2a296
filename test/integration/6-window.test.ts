import * as assert from "node:assert";
import { writeFileSync } from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";
import { profileOf, until, workspaceFolder } from "./window.js";

describe("a language that nobody has an outline for", () => {
  after(async () => {
    await vscode.commands.executeCommand("workbench.action.files.revert");
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    await vscode.commands.executeCommand("flameline.clearHeat");
  });

  it("has its cost at the lines where unsaved edits moved them", async () => {
    const source = path.join(workspaceFolder(), "grid.zig");
    writeFileSync(source, "fn grid() void {\n    step();\n}\n");
    const profile = profileOf("zig", [{ frames: [`grid:2 (${source})`], value: 100e6 }]);
    await vscode.commands.executeCommand("flameline.openProfile", vscode.Uri.file(profile));
    const editor = await vscode.window.showTextDocument(vscode.Uri.file(source));
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), "// one\n// two\n"));
    const hover = async (line: number): Promise<string> => {
      const found = await vscode.commands.executeCommand<vscode.Hover[]>(
        "vscode.executeHoverProvider",
        editor.document.uri,
        new vscode.Position(line, 6),
      );
      return found.flatMap(({ contents }) => contents.map((each) => (typeof each === "string" ? each : each.value))).join("\n");
    };
    await until("the hover at the moved line", async () => (await hover(3)).includes("100 %"));
    assert.strictEqual(await hover(1), "");
  });
});
