import type * as vscode from "vscode";

/** Shows a text in the status bar, or nothing; screen readers say what its tooltip says. */
export function showItem(item: vscode.StatusBarItem, shown: { readonly text: string; readonly tooltip: string } | undefined): void {
  if (shown === undefined) {
    item.hide();
    return;
  }
  item.text = shown.text;
  item.tooltip = shown.tooltip;
  item.accessibilityInformation = { label: shown.tooltip, role: "button" };
  item.show();
}
