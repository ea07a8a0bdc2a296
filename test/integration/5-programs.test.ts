import * as assert from "node:assert";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";
import { commandTask, startGated, startTask } from "../../extension/targets/tasks.js";
import { until } from "./window.js";

describe("programs that are started to be recorded", () => {
  let scratch: string;
  let folder: vscode.WorkspaceFolder;
  beforeEach(() => {
    scratch = mkdtempSync(path.join(tmpdir(), "flameline-programs-"));
    const [first] = vscode.workspace.workspaceFolders ?? [];
    assert.ok(first, "a folder is open");
    folder = first;
  });
  afterEach(() => rmSync(scratch, { recursive: true, force: true }));

  it("wait at their door, and keep their process number when they are let in", async () => {
    const file = path.join(scratch, "pid");
    const program = await startGated("/bin/sh", ["-c", `echo $$ > '${file}'`], folder);
    assert.ok(existsSync(`/proc/${program.pid}`), "the process is there");
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.strictEqual(existsSync(file), false);
    await program.release();
    await program.ended;
    assert.strictEqual(Number(readFileSync(file, "utf8")), program.pid);
  });

  it("are ended where the recording does not begin", async () => {
    const file = path.join(scratch, "ran");
    const program = await startGated("/usr/bin/touch", [file], folder);
    program.cancel();
    await program.ended;
    assert.strictEqual(existsSync(file), false);
    await until("the end of the process", () => !existsSync(`/proc/${program.pid}`));
  });

  it("are typed as in a shell, and their end is noticed", async () => {
    const file = path.join(scratch, "typed");
    const program = await startTask(commandTask(`echo one | tr a-z A-Z > '${file}'`, folder));
    await program.ended;
    assert.strictEqual(readFileSync(file, "utf8").trim(), "ONE");
  });
});
