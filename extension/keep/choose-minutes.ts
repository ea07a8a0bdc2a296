import * as vscode from "vscode";

const LOOKS = [1, 5, 15] as const;

/** How many of the last minutes to show, or whether to turn it on or off; undefined where the user chose nothing. */
export async function chooseMinutes(most: number, on: boolean): Promise<number | "toggle" | undefined> {
  const minutes = [...LOOKS.filter((each) => each < most), most];
  const rows = [
    ...minutes.map((value) => ({ label: `$(history) Last ${value} ${value === 1 ? "minute" : "minutes"}`, value })),
    { label: "", kind: vscode.QuickPickItemKind.Separator, value: undefined },
    on
      ? { label: "$(circle-slash) Turn Keep Profiling off", value: "toggle" as const }
      : { label: "$(record) Turn Keep Profiling on", value: "toggle" as const },
  ];
  const chosen = await vscode.window.showQuickPick(rows, {
    title: "Flameline: Show the Last Minutes",
    placeHolder: "What happened just now?",
  });
  return chosen?.value;
}
