/** What the tools of language models answer: the numbers that the window shows. What can't be answered is thrown as a sentence. */
import * as vscode from "vscode";
import { ToolInput, toolShare } from "../../protocol/tool-input.js";
import { WindowError } from "../failures.js";
import type { ToolFeatures } from "../language-model-tools.js";
import { workspacePlan } from "../recording/plans.js";

type Input = Readonly<Record<string, unknown>>;
type Answer = (input: Input, cancelled: vscode.CancellationToken) => Promise<object>;

export interface Answers {
  readonly profile: Answer;
  readonly hottest: Answer;
  readonly explainLine: Answer;
  readonly proveChange: Answer;
}

/** A person waits for it in the chat. */
const PROOF_SECONDS = 180;
const MOST_SECONDS = 120;
const MOST_ROWS = 100;
/** Of an explanation, in characters: a model's window is small. */
const MOST_TEXT = 8000;

export function createAnswers({ server, session }: ToolFeatures): Answers {
  const hottest = async (by: "line" | "function", limit: number): Promise<object> => {
    const summary = server.running ? await server.ask("flameline/summary", {}) : null;
    if (summary === null) throw new WindowError({ kind: "nothing-open" });
    const method = by === "line" ? "flameline/lines" : "flameline/functions";
    const { rows, total, event, durationNs } = await server.ask(method, { limit, mineOnly: true });
    const told = rows.map((row) => ({ ...row, selfShare: toolShare(row.self, total), totalShare: toolShare(row.total, total) }));
    return { recording: summary.name, event, total, seconds: durationNs / 1e9, rows: told };
  };
  return {
    profile: async (given, cancelled) => {
      const seconds = new ToolInput(given).number("seconds", { from: 1, to: MOST_SECONDS }, 10);
      await session.record((source) => workspacePlan(source, seconds));
      await untilIdle(session, cancelled);
      return hottest("line", 10);
    },
    hottest: async (given) => {
      const input = new ToolInput(given);
      return hottest(input.choice("by", ["line", "function"], "line"), input.number("limit", { from: 1, to: MOST_ROWS }, 20));
    },
    explainLine: async (given) => {
      const input = new ToolInput(given);
      const line = input.number("line", { from: 1, to: 1e7 });
      const found = server.running ? await server.ask("flameline/explainLine", { uri: fileOf(input), line: line - 1 }) : null;
      if (found === null) throw new Error(`The open recording has nothing of line ${line}: ask for the hottest lines first.`);
      return { ...found, cost: found.cost.slice(0, MOST_TEXT) };
    },
    proveChange: async (given, cancelled) => {
      if (!vscode.workspace.isTrusted) throw new WindowError({ kind: "untrusted-proof" });
      const input = new ToolInput(given);
      const subject = input.text("function");
      const changes = input.changes("changes");
      const wish = { uri: fileOf(input), subject, changes, title: `Change ${subject}`, seconds: PROOF_SECONDS };
      return (await server.ask("flameline/proveChange", wish, cancelled)).proof;
    },
  };
}

/** A recording that is cancelled is stopped, and kept. */
async function untilIdle(session: ToolFeatures["session"], cancelled: vscode.CancellationToken): Promise<void> {
  if (session.state.kind === "idle") return;
  const held: vscode.Disposable[] = [];
  try {
    await new Promise<void>((resolve) => {
      held.push(session.onState(() => session.state.kind === "idle" && resolve()));
      held.push(cancelled.onCancellationRequested(() => void session.stop()));
    });
  } finally {
    for (const each of held) each.dispose();
  }
}

function fileOf(input: ToolInput): string {
  return vscode.Uri.file(input.text("file")).toString();
}
