/** `flameline`: finds the command, runs it, and turns what it throws into one sentence and an exit code. */
import { failureText, FlamelineError } from "../recorder/failures.js";
import { type Command, EXIT, UsageError, type World } from "./command.js";
import { diffCommand } from "./diff.js";
import { doctorCommand } from "./doctor.js";
import { exitCodeOf } from "./exit-code.js";
import { exportCommand } from "./export.js";
import { fixCommand } from "./fix.js";
import { helperCommand } from "./helper.js";
import { mcpCommand } from "./mcp.js";
import { suggestion } from "./nearest-name.js";
import { recordCommand } from "./record.js";
import { reportCommand } from "./report.js";
import { readVersion } from "./version.js";

const COMMANDS: Readonly<Record<string, Command>> = {
  record: recordCommand,
  report: reportCommand,
  diff: diffCommand,
  export: exportCommand,
  fix: fixCommand,
  doctor: doctorCommand,
  helper: helperCommand,
  mcp: mcpCommand,
};

/** Runs a command line (without node and the script) and resolves with the exit code. */
export async function runCommandLine(args: readonly string[], world: World): Promise<number> {
  const [name = "", ...rest] = args;
  try {
    if (name === "" || name === "help" || name === "--help" || name === "-h") {
      world.out(helpText());
      return name === "" ? EXIT.usage : EXIT.done;
    }
    if (name === "--version" || name === "-V") {
      world.out(`flameline ${await readVersion(world)}\n`);
      return EXIT.done;
    }
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined) {
      throw new UsageError(`There is no command ${name}.${suggestion(name, Object.keys(COMMANDS))} \`flameline help\` lists them.`);
    }
    if (rest[0] === "--help" || rest[0] === "-h") {
      world.out(`flameline ${command.usage}\n${command.summary}\n`);
      return EXIT.done;
    }
    return await command.run(rest, world);
  } catch (error) {
    return tell(error, world);
  }
}

function tell(error: unknown, world: World): number {
  if (error instanceof UsageError) {
    world.err(`flameline: ${error.message}\n`);
    return EXIT.usage;
  }
  if (error instanceof FlamelineError) {
    world.err(`flameline: ${failureText(error.failure)}\n`);
    return exitCodeOf(error.failure);
  }
  throw error;
}

function helpText(): string {
  const commands = Object.values(COMMANDS).map(({ usage, summary }) => `  flameline ${usage}\n      ${summary}\n`);
  return `Profiles programs with eBPF: CPU cost on the lines of your own code.\n\n${commands.join("")}\nThe manual is docs/command.md.\n`;
}
