import * as vscode from "vscode";

/** A shell with VS Code's integration says when its first prompt is there; one that takes longer than this is taken for one without. */
const FIRST_PROMPT_MS = 10_000;
/** Where the integration is switched off no shell says anything. */
const UNTOLD_MS = 1000;

/** Commands that stand in a terminal and were not run yet. */
const standing = new Map<vscode.Terminal, string>();

/**
 * Types a command into a new terminal and leaves the Enter key to the user. Where it stands in one already, that one is shown. Resolves when
 * it is typed.
 */
export async function typeInTerminal(command: string): Promise<void> {
  for (const [terminal, typed] of standing) {
    if (typed === command && terminal.exitStatus === undefined) {
      terminal.show();
      return;
    }
  }
  const terminal = vscode.window.createTerminal("Flameline");
  standing.set(terminal, command);
  forgetWhenUsed(terminal);
  terminal.show();
  // Text that comes before the prompt stands there twice: as the terminal's echo, and when the shell reads it.
  await firstPrompt(terminal);
  terminal.sendText(command, false);
}

function forgetWhenUsed(terminal: vscode.Terminal): void {
  const used = ({ terminal: other }: { readonly terminal: vscode.Terminal }) => {
    if (other === terminal) {
      standing.delete(terminal);
      vscode.Disposable.from(...listeners).dispose();
    }
  };
  const listeners = [
    vscode.window.onDidStartTerminalShellExecution(used),
    vscode.window.onDidCloseTerminal((other) => used({ terminal: other })),
  ];
}

function firstPrompt(terminal: vscode.Terminal): Promise<void> {
  return new Promise((resolve) => {
    const ready = () => {
      clearTimeout(timer);
      listener.dispose();
      resolve();
    };
    const listener = vscode.window.onDidChangeTerminalShellIntegration(({ terminal: other }) => {
      if (other === terminal) {
        ready();
      }
    });
    const isTold = vscode.workspace.getConfiguration("terminal.integrated").get("shellIntegration.enabled", true);
    const timer = setTimeout(ready, isTold ? FIRST_PROMPT_MS : UNTOLD_MS);
    if (terminal.shellIntegration !== undefined) {
      ready();
    }
  });
}
