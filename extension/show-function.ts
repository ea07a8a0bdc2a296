import * as path from "node:path";
import * as vscode from "vscode";
import type { CallersAndCallees, SmallNode } from "../protocol/queries.js";
import { EVENT_NAMES } from "./events/event-words.js";
import { openSource, type FlameGraphs } from "./flame-graphs.js";
import { percent } from "./heat/heat-levels.js";
import type { LanguageServer } from "./language-server-client.js";

interface FunctionPick extends vscode.QuickPickItem {
  readonly choose?: () => Promise<void>;
}

/** What a lens, a hover or a row of the tree hands over: the function's index in the recording. */
export function functionOf(argument: unknown): number | undefined {
  if (typeof argument === "number") {
    return argument;
  }
  if (typeof argument !== "object" || argument === null) {
    return undefined;
  }
  const { function: index, row } = argument as { function?: unknown; row?: unknown };
  return functionOf(index ?? row);
}

/** A function's callers and callees to choose from, and the way into the flame graph. */
export async function showFunction(index: number, server: LanguageServer, graphs: FlameGraphs): Promise<void> {
  const summary = await server.ask("flameline/summary", {});
  // What lenses and graphs show: another process's or event's shares would contradict them.
  const selection = summary?.selection ?? { event: "cpu" };
  const answer = await server.ask("flameline/callers", { function: index, selection });
  if (answer === null) {
    await graphs.show(index);
    return;
  }
  const goTo = async (target: number) => {
    const place = await server.ask("flameline/locate", { function: target, selection });
    await (place === null ? graphs.show(target) : openSource(place, false));
  };
  const { name, self, total } = answer.function;
  const chosen = await vscode.window.showQuickPick(
    picks(answer, goTo, () => graphs.show(index)),
    {
      title: `${name}: ${percent(share(total, answer))} in all, ${percent(share(self, answer))} itself (${EVENT_NAMES[selection.event].short})`,
      placeHolder: "Callers and callees",
      matchOnDescription: true,
    },
  );
  await chosen?.choose?.();
}

function picks(answer: CallersAndCallees, goTo: (index: number) => Promise<void>, showGraph: () => Promise<void>): FunctionPick[] {
  const { file, line } = answer.function;
  const place = file === null ? "" : `${path.basename(file)}${line === null ? "" : `:${line}`}`;
  return [
    { label: "$(flame) Open in the Flame Graph", choose: showGraph },
    ...(place === ""
      ? []
      : [{ label: "$(go-to-file) Go to the Function", description: place, choose: () => goTo(answer.function.function) }]),
    ...section("called by", answer.callers, answer, goTo),
    ...section("calls", answer.callees, answer, goTo),
  ];
}

function section(label: string, root: SmallNode, answer: CallersAndCallees, goTo: (index: number) => Promise<void>): FunctionPick[] {
  const rows = [...root.children].sort((a, b) => b.value - a.value);
  return rows.length === 0
    ? []
    : [
        { label, kind: vscode.QuickPickItemKind.Separator },
        ...rows.map((node) => ({
          label: `$(symbol-function) ${node.name}`,
          description: percent(share(node.value, answer)),
          choose: () => goTo(node.function),
        })),
      ];
}

function share(value: number, { total }: CallersAndCallees): number {
  return total > 0 ? value / total : 0;
}
