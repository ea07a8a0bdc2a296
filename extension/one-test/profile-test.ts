import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";
import type { TestAt } from "../../protocol/tests.js";
import { makeScratchFolder } from "../../recorder/scratch-folder.js";
import { WindowError } from "../failures.js";
import type { FlameGraphs } from "../flame-graphs.js";
import type { LanguageServer } from "../language-server-client.js";
import { chosenPython, currentDocument, folderOf } from "../recording/plans.js";
import type { Plan, RecordingSession } from "../recording/recording-session.js";
import { pythonOf } from "../targets/current-file.js";
import { runToEnd, startGated } from "../targets/tasks.js";
import { repeatsOf, tryOf } from "./go-repeats.js";
import { jsonResult, junitResult, resultText, type TestResult } from "./test-result.js";
import { type Command, type ResultFile, type TestRun, testRun } from "./test-run.js";
import { plainMessage } from "../plain-message.js";

interface Wants {
  readonly server: LanguageServer;
  readonly session: RecordingSession;
  readonly graphs: Pick<FlameGraphs, "show">;
  /** Folder with our plugin for pytest. */
  readonly plugins: string;
}

/** Records one test by itself, the one at the cursor or of a row of the Test Explorer, and shows its profile. */
export async function profileTest(item: unknown, { server, session, graphs, plugins }: Wants): Promise<void> {
  if (!vscode.workspace.isTrusted) {
    throw new WindowError({ kind: "untrusted" });
  }
  if (session.state.kind !== "idle") {
    throw new WindowError({ kind: "already-recording" });
  }
  const { document, line } = await placeOf(item);
  const test = await server.ask("flameline/testAt", { uri: document.uri.toString(), line });
  if (test === null) {
    throw new WindowError({ kind: "no-test", file: path.basename(document.uri.fsPath), line: line + 1 });
  }
  await session.record(() => testPlan(test, document, plugins, () => graphs.show()));
}

/** Of a row of the Test Explorer its own place, else the cursor's. */
async function placeOf(item: unknown): Promise<{ document: vscode.TextDocument; line: number }> {
  const { uri, range } = typeof item === "object" && item !== null ? (item as Partial<vscode.TestItem>) : {};
  if (uri instanceof vscode.Uri && uri.scheme === "file" && range !== undefined) {
    const document = await vscode.workspace.openTextDocument(uri);
    await document.save();
    return { document, line: range.start.line };
  }
  const document = await currentDocument();
  return { document, line: vscode.window.activeTextEditor?.selection.active.line ?? 0 };
}

async function testPlan(
  test: TestAt,
  document: vscode.TextDocument,
  plugins: string,
  show: () => Promise<void>,
): Promise<Plan | undefined> {
  const folder = folderOf(document);
  const scratch = makeScratchFolder({ HOME: process.env["HOME"] }, (made) => made);
  const forget = () => rmSync(scratch, { recursive: true, force: true });
  try {
    const python = pythonOf({ folder: folder.uri.fsPath, python: chosenPython(document.uri), exists: existsSync });
    const run = testRun({
      test,
      file: document.uri.fsPath,
      folder: folder.uri.fsPath,
      python,
      pythonPath: process.env["PYTHONPATH"],
      plugins,
      scratch,
      exists: existsSync,
    });
    if (run === undefined) {
      const missing = test.language === "java" ? "there is neither a pom.xml nor a build.gradle" : "vitest is not installed";
      throw new WindowError({ kind: "no-runner", name: test.name, missing });
    }
    const { program, count } = await prepared(test, run, folder);
    const started = await startGated(program.command, program.args, folder, program);
    const builtMs = Date.now();
    let [beganMs, endedMs] = [builtMs, builtMs];
    void started.ended.then(() => (endedMs = Date.now()));
    return {
      name: test.name.length > MOST_OF_A_NAME ? `${test.name.slice(0, MOST_OF_A_NAME - 1)}…` : test.name,
      target: { kind: "process", pid: started.pid, children: true },
      start: async () => {
        beganMs = Date.now();
        await started.release();
        return started;
      },
      cancel: () => {
        started.cancel();
        forget();
      },
      done: async (samples) => {
        if (samples > 0) {
          await show();
        }
        // The helper sees a program's end before VS Code tells of it; one that goes on, because the user stopped the recording, is not waited for.
        await Promise.race([started.ended, new Promise((resolve) => setTimeout(resolve, TOLD_WITHIN_MS))]);
        const result = resultOf(run.result, builtMs) ?? resultOfGo(run, started.exitCode(), count, (endedMs - beganMs) / 1000);
        forget();
        const text = plainMessage(resultText(test.name, run.runner, result, samples));
        void (result?.failed === false ? vscode.window.showInformationMessage(text) : vscode.window.showWarningMessage(text));
      },
    };
  } catch (error) {
    forget();
    throw error;
  }
}

/** VS Code tells within this that a task has ended, also on a busy machine, ms. */
const TOLD_WITHIN_MS = 5000;

/** Longer titles of tests are cut in the list of recordings. */
const MOST_OF_A_NAME = 120;

/** Builds what is to be built, and finds out how often a test of Go is to be run. */
async function prepared(
  test: TestAt,
  { runner, prepare, program }: TestRun,
  folder: vscode.WorkspaceFolder,
): Promise<{ program: Command; count: number }> {
  if (prepare !== undefined) {
    const code = await runToEnd(`Build ${test.name}`, prepare.command, prepare.args, folder, prepare);
    if (code !== 0) {
      throw new WindowError({ kind: "not-built", name: test.name });
    }
  }
  if (runner !== "go test") {
    return { program, count: 1 };
  }
  // A package without any test is built into nothing.
  const repeats = existsSync(program.command) ? await trying(test, program) : ({ kind: "none" } as const);
  if (repeats.kind === "none") {
    throw new WindowError({ kind: "not-run", name: test.name });
  }
  const count = repeats.kind === "count" ? repeats.count : 1;
  return { program: { ...program, args: [...program.args, `-test.count=${count}`, ...(count === 1 ? ["-test.v"] : [])] }, count };
}

function trying(test: TestAt, program: Command): Thenable<Awaited<ReturnType<typeof repeatsOf>>> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: plainMessage(`Flameline: Trying How Long “${test.name}” Takes`) },
    () => repeatsOf(tryOf(program)),
  );
}

/** What the runner wrote after `since`, ms since 1970; a report of an older run is none. */
function resultOf(where: ResultFile, since: number): TestResult | undefined {
  try {
    switch (where.kind) {
      case "json":
        return jsonResult(readFileSync(where.file, "utf8"));
      case "junit": {
        const file = path.join(where.folder, `TEST-${where.className}.xml`);
        return statSync(file).mtimeMs < since ? undefined : junitResult(readFileSync(file, "utf8"), where.method);
      }
      case "none":
        return undefined;
    }
  } catch {
    // It told nothing.
    return undefined;
  }
}

/** Go's program is nothing but the test: its time and its exit code are the test's. */
function resultOfGo({ runner }: TestRun, exitCode: number | undefined, runs: number, seconds: number): TestResult | undefined {
  return runner !== "go test" || exitCode === undefined ? undefined : { runs, seconds, failed: exitCode !== 0 };
}
