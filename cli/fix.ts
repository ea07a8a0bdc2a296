/** `flameline fix`: code under the heat that can be made faster, with the change; what it needs is loaded when it is asked for. */
import { type Command } from "./command.js";

export const fixCommand: Command = {
  usage: "fix PROFILE [--event cpu] [--prove] [--apply] [--commit] [--budget 180] [--json]",
  summary: "Finds slow patterns on the hot lines of a profile, with the change that mends each, and proves that it is equal and faster.",
  run: async (args, world) => (await import("./run-fix.js")).runFix(args, world),
};
