import * as path from "node:path";
import * as vscode from "vscode";
import type { AnnotatedSource } from "./annotated-source.js";
import type { CommandName } from "./command-names.js";
import type { Comparison } from "./comparison.js";
import { openDoctorReport } from "./doctor.js";
import type { EventSwitch } from "./events/event-switch.js";
import type { RangeItem } from "./events/range-item.js";
import { exportRecording } from "./export-recording.js";
import { WindowError } from "./failures.js";
import type { FlameGraphs } from "./flame-graphs.js";
import type { KeepProfiling } from "./keep/keep-profiling.js";
import type { LanguageServer } from "./language-server-client.js";
import type { KeptRecordings } from "./recording/kept-recordings.js";
import { askAllocationSeconds, askSeconds, currentDocument, currentFilePlan, processPlan, workspacePlan } from "./recording/plans.js";
import type { RecordingSession } from "./recording/recording-session.js";
import { profileTest } from "./one-test/profile-test.js";
import { proveFix } from "./prove-fix.js";
import { isFixItem } from "./trees/fixes-tree.js";
import { noteFix, rollBackFix } from "./roll-back-fix.js";
import { savePicture } from "./save-picture.js";
import { recordingCommands } from "./recording-commands.js";
import { changeServiceInTerminal } from "./service.js";
import { changeSetting, setting } from "./settings.js";
import { functionOf, showFunction } from "./show-function.js";
import type { HottestTree } from "./trees/hottest-tree.js";

export interface Features {
  readonly extension: vscode.Extension<unknown>;
  readonly log: vscode.LogOutputChannel;
  readonly server: LanguageServer;
  readonly kept: KeptRecordings;
  readonly session: RecordingSession;
  readonly graphs: FlameGraphs;
  readonly hottest: HottestTree;
  readonly events: EventSwitch;
  readonly range: RangeItem;
  readonly comparison: Comparison;
  readonly keep: KeepProfiling;
  readonly annotated: AnnotatedSource;
}

export type Handler = (...args: unknown[]) => unknown;

/** What each command does: the one table from names to features. */
export function createCommands({
  extension,
  log,
  server,
  kept,
  session,
  graphs,
  hottest,
  events,
  range,
  comparison,
  keep,
  annotated,
}: Features): Readonly<Record<CommandName, Handler>> {
  const exportOpen = () => exportRecording(server, path.join(extension.extensionPath, "dist"));
  return {
    profileWorkspace: () => session.record(workspacePlan),
    profileProcess: () => session.record(processPlan),
    profileCurrentFile: async () => {
      const document = await currentDocument();
      await session.record((source) => currentFilePlan(source, document));
    },
    profileTest: (item) => profileTest(item, { server, session, graphs, plugins: path.join(extension.extensionPath, "dist", "pytest") }),
    profileForSeconds: async (seconds) => {
      const chosen = typeof seconds === "number" ? seconds : await askSeconds();
      if (chosen !== undefined) {
        await session.record((source) => workspacePlan(source, chosen));
      }
    },
    recordAllocations: async (seconds) => {
      const chosen = typeof seconds === "number" ? seconds : await askAllocationSeconds();
      if (chosen !== undefined) {
        await session.recordAllocations(chosen, workspacePlan);
      }
    },
    stop: () => session.stop(),
    openFlameGraph: async () => {
      if (!server.running) {
        throw new WindowError({ kind: "nothing-open" });
      }
      await graphs.show();
    },
    openProfile: async (uri) => {
      const file = uri instanceof vscode.Uri ? uri : await chooseProfile();
      if (file !== undefined) {
        await kept.open(file.fsPath);
        await graphs.show();
      }
    },
    export: exportOpen,
    clearHeat: async () => {
      await server.ask("flameline/clear", {});
      await kept.nothingOpen();
    },
    toggleHeat: () => changeSetting("heat.enabled", !setting("heat.enabled")),
    toggleEndOfLine: () => changeSetting("heat.endOfLine", !setting("heat.endOfLine")),
    doctor: () => openDoctorReport(extension, server),
    installService: () => changeServiceInTerminal(extension, "install"),
    removeService: () => changeServiceInTerminal(extension, "uninstall"),
    showLog: () => log.show(),
    showFunction: async (argument) => {
      const index = functionOf(argument);
      if (index !== undefined) {
        await showFunction(index, server, graphs);
      }
    },
    annotateFunction: (argument) => annotated.toggle(functionOf(argument)),
    ...recordingCommands(kept, server, graphs, exportOpen),
    showOnlyMine: () => hottest.showOnlyMine(true),
    showAllCode: () => hottest.showOnlyMine(false),
    showHottestLines: () => hottest.show("line"),
    showHottestFunctions: () => hottest.show("function"),
    showWaitClasses: () => hottest.show("wait"),
    showEvent: (event) => events.choose(event),
    toggleIdle: () => events.toggleIdle(),
    showAllTime: () => range.clear(),
    compareWith: async (item) => {
      if (await comparison.choose(item, chooseProfile)) {
        await graphs.show();
      }
    },
    stopComparing: () => comparison.stop(),
    keepProfiling: () => keep.toggle(),
    showLastMinutes: (minutes) => keep.showLastMinutes(minutes),
    savePicture: () => savePicture(graphs),
    proveFix: (uri, fix) => (isFixItem(uri) ? proveFix(server, uri.uri.toString(), uri.id) : proveFix(server, uri, fix)),
    fixAllProved: async (item) => {
      if (isFixItem(item)) {
        await vscode.window.showTextDocument(item.uri);
      }
      await vscode.commands.executeCommand("editor.action.codeAction", { kind: "source.fixAll.flameline", apply: "first" });
    },
    fixApplied: (uri, ...taken) => noteFix(server, uri, taken),
    createPullRequest: async () => (await import("./pull-request.js")).createPullRequest(server),
    proposeChange: async () => (await import("./language-model/propose.js")).proposeChange(server),
    rollBackFix: (uri, line) => rollBackFix(server, uri, line),
  };
}

async function chooseProfile(): Promise<vscode.Uri | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const chosen = await vscode.window.showOpenDialog({
    title: "Open Profile",
    filters: { Profiles: ["gz", "pb", "pprof", "cpuprofile", "json", "perf", "folded", "collapsed", "txt", "jsonl"], "All files": ["*"] },
    ...(folder === undefined ? {} : { defaultUri: folder }),
  });
  return chosen?.[0];
}
