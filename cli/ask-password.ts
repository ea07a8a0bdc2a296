/** Asks for a password on the terminal, without showing it. The terminal is opened by name, as the standard input may be the recorded command's. */
import { closeSync, openSync, writeSync } from "node:fs";
import { ReadStream } from "node:tty";

const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const CTRL_U = "\u0015";
const BACKSPACE = ["\u007f", "\b"];

/** Undefined when there is no terminal, or when the user gives up with Ctrl-C or Ctrl-D. */
export async function askPasswordOnTerminal(prompt: string): Promise<string | undefined> {
  let terminal: number;
  try {
    terminal = openSync("/dev/tty", "r+");
  } catch {
    return undefined;
  }
  const input = new ReadStream(terminal);
  writeSync(terminal, `${prompt}: `);
  try {
    input.setRawMode(true);
    input.setEncoding("utf8");
    return await readSecret(input);
  } finally {
    input.setRawMode(false);
    writeSync(terminal, "\n");
    input.destroy();
  }
}

/** Whether there is a terminal to ask on. */
export function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r+"));
    return true;
  } catch {
    return false;
  }
}

function readSecret(input: ReadStream): Promise<string | undefined> {
  return new Promise((resolve) => {
    let typed: string[] = [];
    input.on("end", () => resolve(undefined));
    input.on("error", () => resolve(undefined));
    input.on("data", (chunk: string) => {
      for (const character of chunk) {
        if (character === "\r" || character === "\n") return resolve(typed.join(""));
        if (character === CTRL_C || character === CTRL_D) return resolve(undefined);
        if (character === CTRL_U) typed = [];
        else if (BACKSPACE.includes(character)) typed.pop();
        else typed.push(character);
      }
    });
  });
}
