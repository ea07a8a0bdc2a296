import * as vscode from "vscode";

/**
 * Asks for the user's password in the window, so that it works over SSH too; undefined when the user gives none.
 * `prompt` is the recorder's: it says why, and after a wrong password that it was wrong.
 */
export async function askPassword(prompt: string): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title: "Flameline: Administrator Rights",
    prompt,
    password: true,
    // A password is often looked up in another window.
    ignoreFocusOut: true,
  });
}
