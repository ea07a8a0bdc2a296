import * as vscode from "vscode";
import type { Answers } from "./language-model/answers.js";
import type { LanguageServer } from "./language-server-client.js";
import type { KeptRecordings } from "./recording/kept-recordings.js";
import type { RecordingSession } from "./recording/recording-session.js";

export interface ToolFeatures {
  readonly server: LanguageServer;
  readonly session: RecordingSession;
  readonly kept: KeptRecordings;
}

interface ToolWords {
  /** A method of {@link Answers}. */
  readonly answer: keyof Answers;
  /** What the chat says while it runs. */
  readonly doing: string;
  /** What the user is asked before: of tools that run or record something. */
  readonly question?: string;
}

/** By the names of `package.json`; a unit test compares the two. */
export const TOOLS: Readonly<Record<string, ToolWords>> = {
  flameline_profile: {
    answer: "profile",
    doing: "Recording this workspace",
    question: "Record what runs in this workspace? The hottest lines, with file names and functions, go to the language model.",
  },
  flameline_hottest: { answer: "hottest", doing: "Looking for the hottest lines" },
  flameline_explain_line: { answer: "explainLine", doing: "Looking at what the line costs" },
  flameline_prove_change: {
    answer: "proveChange",
    doing: "Proving the change",
    question: "Run this workspace's code, with and without the change, in a copy of it? No file of yours is changed.",
  },
};

/** What language models of VS Code's chat may ask; what answers is loaded by the first question. */
export function registerTools(features: ToolFeatures): vscode.Disposable {
  const registered = Object.entries(TOOLS).map(([name, { answer, doing, question }]) =>
    vscode.lm.registerTool<object>(name, {
      prepareInvocation: () => ({
        invocationMessage: doing,
        ...(question === undefined ? {} : { confirmationMessages: { title: "Flameline", message: question } }),
      }),
      invoke: async ({ input }, cancelled) => {
        const { createAnswers } = await import("./language-model/answers.js");
        features.kept.wake();
        const told = await createAnswers(features)[answer](input as Readonly<Record<string, unknown>>, cancelled);
        return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(JSON.stringify(told))]);
      },
    }),
  );
  return vscode.Disposable.from(...registered);
}
