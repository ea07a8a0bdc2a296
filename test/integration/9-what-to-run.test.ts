import * as assert from "node:assert";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";
import { currentFilePlan, type ProcessSource } from "../../extension/recording/plans.js";
import { type Choice, chooseWhatToRun } from "../../extension/targets/what-to-run.js";
import { stubbed, until, workspaceFolder } from "./window.js";

const NOTHING_RUNS: ProcessSource = { hello: { pid: 1 }, processes: async () => [] };

/** What `flameline: Profile This Workspace` offers when nothing runs, and what the chosen item gives. */
async function choose(label: string): Promise<{ readonly offered: readonly string[]; readonly choice: Choice | undefined }> {
  let offered: readonly string[] = [];
  let choice: Choice | undefined;
  await stubbed(
    "showQuickPick",
    async (items: Promise<readonly vscode.QuickPickItem[]>) => {
      const all = await items;
      offered = all.map((item) => item.label);
      return all.find((item) => item.label.endsWith(label));
    },
    async () => {
      choice = await chooseWhatToRun(vscode.workspace.workspaceFolders ?? []);
    },
  );
  return { offered, choice };
}

describe("what runs when nothing runs yet", () => {
  let scratch: string;
  const settings = () => path.join(workspaceFolder(), ".vscode");
  before(async () => {
    scratch = mkdtempSync(path.join(tmpdir(), "flameline-run-"));
    mkdirSync(settings(), { recursive: true });
    const program = path.join(workspaceFolder(), "served.mjs");
    writeFileSync(
      program,
      `import { writeFileSync } from "node:fs";\nwriteFileSync(${JSON.stringify(path.join(scratch, "launched"))}, "yes");\n`,
    );
    const configurations = [
      { type: "node", request: "launch", name: "Serve", program },
      { type: "node", request: "attach", name: "Attach", port: 9229 },
    ];
    writeFileSync(path.join(settings(), "launch.json"), JSON.stringify({ version: "0.2.0", configurations }));
    const tasks = [{ label: "bake", type: "shell", command: `echo baked > '${path.join(scratch, "baked")}'`, problemMatcher: [] }];
    writeFileSync(path.join(settings(), "tasks.json"), JSON.stringify({ version: "2.0.0", tasks }));
    const configured = () =>
      vscode.workspace.getConfiguration("launch", vscode.Uri.file(workspaceFolder())).get<unknown[]>("configurations");
    await until("the launch configurations", () => configured()?.length === 2);
    await until("the task", async () => (await vscode.tasks.fetchTasks()).some(({ name }) => name === "bake"));
  });
  after(async () => {
    rmSync(settings(), { recursive: true, force: true });
    rmSync(path.join(workspaceFolder(), "served.mjs"), { force: true });
    rmSync(scratch, { recursive: true, force: true });
    await vscode.commands.executeCommand("workbench.action.closePanel");
  });

  it("is a command, what starts by itself, a launch configuration or a task; nothing to attach to", async () => {
    const { offered, choice } = await choose("no such item");
    assert.strictEqual(choice, undefined);
    assert.deepStrictEqual(
      offered.filter((label) => /Command|Wait|Serve|Attach|bake/.test(label)),
      ["$(terminal) Type a Command…", "$(watch) Wait for a Program", "$(debug-alt) Serve", "$(tools) bake"],
    );
  });

  it("is a task that runs, and whose end is noticed", async () => {
    const { choice } = await choose(" bake");
    assert.strictEqual(choice?.name, "bake");
    const program = await choice.start?.();
    await program?.ended;
    assert.strictEqual(readFileSync(path.join(scratch, "baked"), "utf8"), "baked\n");
  });

  it("is a launch configuration that runs without a debugger, and whose end is noticed", async () => {
    const { choice } = await choose(" Serve");
    assert.strictEqual(choice?.name, "Serve");
    const program = await choice.start?.();
    await program?.ended;
    assert.ok(existsSync(path.join(scratch, "launched")), "the program ran");
  });

  it("is a command as it is typed", async () => {
    let choice: Choice | undefined;
    await stubbed(
      "showInputBox",
      () => `printf typed > '${path.join(scratch, "typed")}'`,
      async () => {
        ({ choice } = await choose("Type a Command…"));
      },
    );
    const program = await choice?.start?.();
    await program?.ended;
    assert.strictEqual(readFileSync(path.join(scratch, "typed"), "utf8"), "typed");
  });
});

describe("the current file", () => {
  const files: string[] = [];
  after(() => {
    for (const file of files) {
      rmSync(file, { force: true });
    }
  });

  /** The command that waits at its door for the file, as the process itself says. */
  async function waiting(name: string): Promise<{ readonly command: string; readonly pid: number; readonly cancel: () => void }> {
    const file = path.join(workspaceFolder(), name);
    files.push(file);
    writeFileSync(file, "");
    const plan = await currentFilePlan(NOTHING_RUNS, await vscode.workspace.openTextDocument(file));
    assert.ok(plan?.target.kind === "process" && plan.target.children);
    const { pid } = plan.target;
    // Just after its start it is still a copy of the terminals' own process.
    const words = await until("the process at its door", () => {
      const found = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
      return found.includes("flameline-gate") && found;
    });
    const command = words.slice(words.indexOf("flameline-gate") + 2).join(" ");
    return { command: command.replaceAll(workspaceFolder(), "W"), pid, cancel: () => plan.cancel?.() };
  }

  for (const [name, command] of [
    ["a.py", "python3 W/a.py"],
    ["b.mjs", "node W/b.mjs"],
    ["c.go", "go run W/c.go"],
    ["D.java", "java W/D.java"],
    ["e.rb", "ruby W/e.rb"],
    ["f.php", "php W/f.php"],
    ["g.pl", "perl W/g.pl"],
    ["h.sh", "bash W/h.sh"],
  ] as const) {
    it(`${name} is run by “${command}”`, async () => {
      const found = await waiting(name);
      found.cancel();
      assert.strictEqual(found.command, command);
      await until("the end of the process", () => !existsSync(`/proc/${found.pid}`));
    });
  }

  it("of a compiled language is asked for", async () => {
    const file = path.join(workspaceFolder(), "i.c");
    files.push(file);
    writeFileSync(file, "int main(void) { return 0; }\n");
    const document = await vscode.workspace.openTextDocument(file);
    const plans: unknown[] = [];
    const asked = await stubbed(
      "showInputBox",
      () => "make && ./i",
      async () => plans.push(await currentFilePlan(NOTHING_RUNS, document)),
    );
    assert.match(JSON.stringify(asked), /Run a Command under the Profiler/);
    assert.match(JSON.stringify(plans), /"name":"make && .\/i"/);
  });
});
