/** What a process runs, told from its command line. */
import * as path from "node:path";
import type { ProcessListEntry } from "../../protocol/helper.js";

const SHELLS = new Set(["sh", "bash", "dash", "zsh", "fish", "ksh", "pwsh", "nu", "tmux: server", "tmux", "screen"]);

/** Options of shells that take a file or a command for their start: VS Code's terminals have one. */
const SHELL_START = new Set(["--init-file", "--rcfile", "--init-command"]);

function isShell(process: ProcessListEntry): boolean {
  return SHELLS.has(path.basename(process.executable) || process.name);
}

/** The arguments, without those that only tell a shell how to start. */
function argumentsOf(process: ProcessListEntry): readonly string[] {
  const words = process.commandLine.slice(1);
  return isShell(process) ? words.filter((word, index) => !SHELL_START.has(word) && !SHELL_START.has(words[index - 1] ?? "")) : words;
}

/** Where the program text lies: the first argument that is no option, made absolute; "" if there is none. */
export function scriptOf(process: ProcessListEntry): string {
  const script = argumentsOf(process).find((argument) => !argument.startsWith("-"));
  return script === undefined ? "" : path.resolve(process.workingDirectory === "" ? "/" : process.workingDirectory, script);
}

/** A shell that was given nothing to run. */
export function isIdleShell(process: ProcessListEntry): boolean {
  return isShell(process) && argumentsOf(process).every((word) => word.startsWith("-") && word !== "-c");
}
