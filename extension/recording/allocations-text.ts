import * as vscode from "vscode";
import type { Allocations } from "../../protocol/helper.js";

/** Says how following allocations gets on; what it gave can be shown with a click. */
export function tellAllocations(message: Allocations): void {
  if (message.state === "open") {
    vscode.window.setStatusBarMessage(`$(package) Following allocations for ${message.seconds} s…`, message.seconds * 1_000);
    return;
  }
  const text = allocationsText(message);
  if (text === "") {
    return;
  }
  const say = message.reason === "cost" ? vscode.window.showWarningMessage : vscode.window.showInformationMessage;
  void say(text, "Show Heap", "Show Allocated").then((chosen) => {
    if (chosen !== undefined) {
      void vscode.commands.executeCommand("flameline.showEvent", chosen === "Show Heap" ? "heap" : "alloc");
    }
  });
}

/** The sentence at the end; "" where the recording ended too, which says it. */
export function allocationsText({ reason, seconds, calls, share }: Pick<Allocations, "reason" | "seconds" | "calls" | "share">): string {
  const took = `${(share * 100).toFixed(1)} % of the machine for ${calls.toLocaleString("en")} calls`;
  switch (reason) {
    case "cost":
      return `Flameline stopped following allocations, as it took more than 5 % of the machine: ${took}.`;
    case "time":
      return `Flameline followed allocations for ${seconds} s, which took ${took}.`;
    default:
      return "";
  }
}
