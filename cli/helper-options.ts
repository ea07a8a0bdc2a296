import { resolve } from "node:path";
import type { ConnectOptions } from "../recorder/connect-helper.js";
import { programFiles } from "../recorder/helper-file.js";
import { askPasswordOnTerminal, hasTerminal } from "./ask-password.js";
import type { World } from "./command.js";

/** The helper beside the bundle; FLAMELINE_HELPER names another, for tests and for packagers. */
export function helperPathOf(world: World): string {
  return resolve(world.cwd, world.env["FLAMELINE_HELPER"] ?? programFiles(world.programFolder).helperPath);
}

/** How the command finds or starts a helper: it asks for a password only on a terminal. */
export function helperOptions(world: World): ConnectOptions {
  return {
    elevation: hasTerminal() ? { askPassword: askPasswordOnTerminal } : {},
    helperPath: helperPathOf(world),
    askpassPath: programFiles(world.programFolder).askpassPath,
    client: "flameline command",
    machine: world.machine,
  };
}
