import * as vscode from "vscode";
import { describe, type Failure, FlamelineError } from "../recorder/failures.js";
import { typeInTerminal } from "./type-in-terminal.js";
import { plainMessage } from "./plain-message.js";

/** What can go wrong before the recorder is asked; the recorder's own catalogue has the rest. */
export type WindowFailure =
  | { readonly kind: "untrusted" }
  | { readonly kind: "untrusted-proof" }
  | { readonly kind: "no-fix-here" }
  | { readonly kind: "model-off" }
  | { readonly kind: "no-model" }
  | { readonly kind: "no-hot-function" }
  | { readonly kind: "has-a-fix"; readonly name: string }
  | { readonly kind: "text-changed" }
  | { readonly kind: "untrusted-git" }
  | { readonly kind: "no-fix-made"; readonly unproved: number }
  | { readonly kind: "no-folder" }
  | { readonly kind: "already-recording" }
  | { readonly kind: "nothing-open" }
  | { readonly kind: "nothing-kept"; readonly minutes: number | undefined }
  | { readonly kind: "no-graph" }
  | { readonly kind: "no-file" }
  | { readonly kind: "no-test"; readonly file: string; readonly line: number }
  | { readonly kind: "no-runner"; readonly name: string; readonly missing: string }
  | { readonly kind: "not-built"; readonly name: string }
  | { readonly kind: "not-run"; readonly name: string };

export class WindowError extends Error {
  readonly failure: WindowFailure;

  constructor(failure: WindowFailure) {
    super(describeWindowFailure(failure).sentence);
    this.name = "WindowError";
    this.failure = failure;
  }
}

/** A failure that a click can mend. */
export class MendableError extends FlamelineError {
  /** The button's text. */
  readonly label: string;
  /** Mends it and does again what failed. */
  readonly mend: () => Promise<void>;

  constructor(failure: Failure, label: string, mend: () => Promise<void>) {
    super(failure);
    this.label = label;
    this.mend = mend;
  }
}

interface Shown {
  readonly sentence: string;
  readonly action?: string;
  readonly buttons: Readonly<Record<string, () => void>>;
}

/** The one place where an error becomes a message. What the user stopped on purpose is not an error. */
export async function showError(error: unknown, log: vscode.LogOutputChannel): Promise<void> {
  if (error instanceof FlamelineError && error.failure.kind === "cancelled") {
    return;
  }
  const { sentence, action, buttons } = describeError(error, log);
  log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  const text = action === undefined ? sentence : `${sentence} ${action}`;
  const chosen = await vscode.window.showErrorMessage(plainMessage(text), ...Object.keys(buttons));
  if (chosen !== undefined) {
    buttons[chosen]?.();
  }
}

/** Runs a command's handler and shows what it throws. */
export function guarded<A extends readonly unknown[]>(
  log: vscode.LogOutputChannel,
  handler: (...args: A) => unknown,
): (...args: A) => Promise<void> {
  return async (...args) => {
    try {
      await handler(...args);
    } catch (error) {
      // Not awaited: a command ends when its work ends, not when its message is read.
      void showError(error, log);
    }
  };
}

function describeError(error: unknown, log: vscode.LogOutputChannel): Shown {
  if (error instanceof WindowError) {
    return describeWindowFailure(error.failure);
  }
  const showLog = { "Show Log": () => log.show() };
  if (!(error instanceof FlamelineError)) {
    return { sentence: error instanceof Error ? error.message : String(error), buttons: showLog };
  }
  const { sentence, action, command } = describe(error.failure);
  if (command === undefined) {
    return { sentence, action, buttons: showLog };
  }
  if (command === "flameline doctor") {
    return { sentence, action, buttons: { "Run Doctor": () => void vscode.commands.executeCommand("flameline.doctor"), ...showLog } };
  }
  if (command === "flameline helper install") {
    return {
      sentence,
      action,
      buttons: { "Install Service": () => void vscode.commands.executeCommand("flameline.installService"), ...showLog },
    };
  }
  const mend = error instanceof MendableError ? { [error.label]: () => void guarded(log, error.mend)() } : {};
  return {
    sentence,
    action: `${action} ${command}`,
    buttons: {
      ...mend,
      "Copy Command": () => void vscode.env.clipboard.writeText(command),
      "Open in Terminal": () => void typeInTerminal(command),
      ...showLog,
    },
  };
}

const TRUST = { "Manage Workspace Trust": () => void vscode.commands.executeCommand("workbench.trust.manage") };

function describeWindowFailure(failure: WindowFailure): Shown {
  switch (failure.kind) {
    case "untrusted":
      return {
        sentence: "Recording runs programs with root's rights, so it needs a trusted workspace.",
        action: "Trust this workspace and record again.",
        buttons: TRUST,
      };
    case "untrusted-proof":
      return {
        sentence: "A proof runs the workspace's code, so it needs a trusted workspace.",
        action: "Trust this workspace and prove again.",
        buttons: TRUST,
      };
    case "untrusted-git":
      return {
        sentence: "Git runs programs that a repository names, so it needs a trusted workspace.",
        action: "Trust this workspace and try again.",
        buttons: TRUST,
      };
    case "no-fix-made":
      return {
        sentence:
          failure.unproved === 0
            ? "No fix has been made in this workspace that is still in its files."
            : "None of the fixes that were made in this workspace was proved before.",
        action: "Take a proved fix from the light bulb on its line, then try again.",
        buttons: {},
      };
    case "model-off":
      return {
        sentence: "Proposals of language models are off, since they send code to the model's provider.",
        action: "Turn them on in the settings if you want that.",
        buttons: {
          "Open Settings": () => void vscode.commands.executeCommand("workbench.action.openSettings", "flameline.languageModel.proposals"),
        },
      };
    case "no-model":
      return { sentence: "No language model is there.", action: "Sign in to one in VS Code's chat, and try again.", buttons: {} };
    case "no-hot-function":
      return {
        sentence: "No function with samples of the open recording is at the cursor, or it is too long.",
        action: "Put the cursor into a hot function.",
        buttons: {},
      };
    case "has-a-fix":
      return {
        sentence: `${failure.name} has a fix that needs no language model.`,
        action: "Take it from the light bulb on its line first.",
        buttons: {},
      };
    case "text-changed":
      return { sentence: "The file has changed since the proof began.", action: "Ask again.", buttons: {} };
    case "no-fix-here":
      return {
        sentence: "No fix that was taken from Flameline is here, or its lines have changed since.",
        action: "Put the cursor on the function that was fixed, or undo it by hand.",
        buttons: {},
      };
    case "no-folder":
      return {
        sentence: "No folder is open, so there is no workspace to profile.",
        action: "Open a folder, or profile one process.",
        buttons: {
          "Open Folder": () => void vscode.commands.executeCommand("vscode.openFolder"),
          "Profile Process…": () => void vscode.commands.executeCommand("flameline.profileProcess"),
        },
      };
    case "already-recording":
      return {
        sentence: "A recording is already running in this window.",
        action: "Stop it first.",
        buttons: { Stop: () => void vscode.commands.executeCommand("flameline.stop") },
      };
    case "nothing-open":
      return {
        sentence: "No recording is open.",
        action: "Record one, or open a profile.",
        buttons: {
          "Profile This Workspace": () => void vscode.commands.executeCommand("flameline.profileWorkspace"),
          "Open Profile…": () => void vscode.commands.executeCommand("flameline.openProfile"),
        },
      };
    case "nothing-kept":
      return {
        sentence:
          failure.minutes === undefined ? "Nothing is kept yet." : `Nothing of this workspace ran in the last ${failure.minutes} minutes.`,
        action: "Keep profiling while your programs run.",
        buttons: { "Keep Profiling": () => void vscode.commands.executeCommand("flameline.keepProfiling") },
      };
    case "no-graph":
      return {
        sentence: "No flame graph is seen, so there is no picture of it.",
        action: "Open one and try again.",
        buttons: { "Open Flame Graph": () => void vscode.commands.executeCommand("flameline.openFlameGraph") },
      };
    case "no-test":
      return {
        sentence: `No test of pytest, vitest, Go or JUnit was found at line ${failure.line} of ${failure.file}.`,
        action: "Put the cursor into a test, in a file that parses.",
        buttons: {},
      };
    case "no-runner":
      return {
        sentence: `“${failure.name}” can't be run by itself: ${failure.missing} in its folder or above it in the workspace.`,
        action: "Install it, or run the test in a terminal and profile the process.",
        buttons: { "Profile Process…": () => void vscode.commands.executeCommand("flameline.profileProcess") },
      };
    case "not-built":
      return { sentence: `“${failure.name}” could not be built.`, action: "See its terminal.", buttons: {} };
    case "not-run":
      return {
        sentence: `The program of “${failure.name}” was built but has no such test.`,
        action: "Save the file, and look whether a build tag leaves the test out.",
        buttons: {},
      };
    case "no-file":
      return { sentence: "The file in the editor is not a saved file of this machine.", action: "Save it and try again.", buttons: {} };
  }
}
