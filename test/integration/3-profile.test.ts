import * as assert from "node:assert";
import * as path from "node:path";
import * as vscode from "vscode";
import { TOOLS } from "../../extension/language-model-tools.js";
import { lensesOf, openApp, profileOf, stubbed, until, workspaceFolder } from "./window.js";

/** A profile of the fixture's `app.py`, taken now: 60 in `slow_sum`, 40 in `text_work`. */
function writeProfile(name: string): string {
  const app = path.join(workspaceFolder(), "app.py");
  return profileOf(name, [
    { frames: [`main:22 (${app})`, `slow_sum:8 (${app})`], value: 60e6 },
    { frames: [`main:23 (${app})`, `text_work:15 (${app})`], value: 40e6 },
  ]);
}

const tabs = () => vscode.window.tabGroups.all.flatMap((group) => group.tabs);

describe("a profile file", () => {
  after(() => vscode.commands.executeCommand("workbench.action.closeAllEditors"));

  it("shows its cost above the functions of the source", async () => {
    const { document } = await openApp();
    await vscode.commands.executeCommand("flameline.openProfile", vscode.Uri.file(writeProfile("one")));
    const lenses = await until("lenses", async () => {
      const found = await lensesOf(document);
      return found.length === 3 && found;
    });
    assert.match(lenses.join("\n"), /^5: 60 % total · 60 % self .*\n12: 40 % total · 40 % self .*\n19: 100 % total · 0 % self /);
  });

  it("tells callers, threads and processes in a hover", async () => {
    const { document } = await openApp();
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      "vscode.executeHoverProvider",
      document.uri,
      new vscode.Position(7, 10),
    );
    const text = hovers.flatMap(({ contents }) => contents.map((each) => (typeof each === "string" ? each : each.value))).join("\n");
    assert.match(text, /60 %/);
    assert.match(text, /main/);
  });

  it("answers a language model's tools with the same numbers", async () => {
    const { document } = await openApp();
    const { packageJSON } = vscode.extensions.getExtension("flameline.flameline") ?? {};
    const declared = (packageJSON as { contributes: { languageModelTools: { name: string }[] } }).contributes.languageModelTools;
    assert.deepStrictEqual(declared.map(({ name }) => name).toSorted(), Object.keys(TOOLS).toSorted());
    const ask = async (name: string, input: object): Promise<unknown> => {
      const { content } = await vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined });
      const [part] = content;
      assert.ok(part instanceof vscode.LanguageModelTextPart);
      return JSON.parse(part.value) as unknown;
    };
    const { event, rows } = (await ask("flameline_hottest", { by: "function", limit: 1 })) as {
      event: string;
      rows: { selfShare: number }[];
    };
    assert.strictEqual(event, "cpu");
    assert.deepStrictEqual(
      rows.map(({ selfShare }) => selfShare),
      [0.6],
    );
    const { cost } = (await ask("flameline_explain_line", { file: document.uri.fsPath, line: 8 })) as { cost: string };
    assert.match(cost, /^\*\*60 % total · 60 % self\*\*/);
    await assert.rejects(ask("flameline_explain_line", { file: document.uri.fsPath, line: 1 }), /nothing of line 1/);
  });

  it("throws away what a language model proposes and no proof upholds, and asks it nothing where that is off", async () => {
    const { document } = await openApp();
    const text = document.getText();
    const asked: string[] = [];
    const model = {
      name: "Some Model",
      vendor: "nobody",
      sendRequest: async ([message]: vscode.LanguageModelChatMessage[]) => {
        asked.push(message?.content.map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : "")).join("") ?? "");
        const answer = '{"changes":[{"old":"total += math.sqrt(i) * 1.5","new":"total += math.sqrt(i) * 1.25"}]}';
        return {
          text: (async function* () {
            yield answer;
          })(),
        };
      },
    };
    const models = vscode.lm as unknown as { selectChatModels: unknown };
    const real = models.selectChatModels;
    models.selectChatModels = async () => [model];
    const { activeTextEditor } = vscode.window;
    assert.ok(activeTextEditor);
    activeTextEditor.selection = new vscode.Selection(7, 0, 7, 0);
    const settings = vscode.workspace.getConfiguration("flameline");
    const propose = () => vscode.commands.executeCommand("flameline.proposeChange");
    try {
      await stubbed("showErrorMessage", () => undefined, propose);
      assert.deepStrictEqual(asked, []);
      await settings.update("languageModel.proposals", true, vscode.ConfigurationTarget.Global);
      const [told] = await stubbed(
        "showWarningMessage",
        () => undefined,
        () => stubbed("showInformationMessage", () => "Ask", propose),
      );
      assert.match(String(told), /^What Some Model proposed is not proved \((failed|refused)\) and was thrown away\./);
      assert.strictEqual(asked.length, 1);
      assert.match(asked[0] ?? "", /the function slow_sum and what it calls take 60 % of cpu[^]*def slow_sum\(n\):/);
      assert.strictEqual(document.getText(), text);
    } finally {
      models.selectChatModels = real;
      await settings.update("languageModel.proposals", undefined, vscode.ConfigurationTarget.Global);
    }
  });

  it("opens as a flame graph by double-click", async () => {
    await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(writeProfile("two")));
    const tab = await until("the editor", () => tabs().find(({ label }) => label === "two.pb.gz"));
    assert.ok(tab.input instanceof vscode.TabInputCustom);
    assert.strictEqual(tab.input.viewType, "flameline.profile");
  });

  it("gives no lens after the heat is cleared", async () => {
    const { document } = await openApp();
    await vscode.commands.executeCommand("flameline.clearHeat");
    await until("no lens", async () => (await lensesOf(document)).length === 0);
  });
});
