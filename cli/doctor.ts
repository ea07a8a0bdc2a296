/** `flameline doctor`: what this machine can record, what is missing, and the command that mends it. */
import { examine, reportText } from "../recorder/doctor.js";
import { readArguments } from "./arguments.js";
import { type Command, EXIT, UsageError, type World } from "./command.js";
import { helperPathOf } from "./helper-options.js";

export const doctorCommand: Command = {
  usage: "doctor [--json]",
  summary: "Says what this machine can record, what is missing, and the command that mends it.",
  run: runDoctor,
};

async function runDoctor(args: readonly string[], world: World): Promise<number> {
  const given = readArguments(args, { json: { type: "boolean" } });
  if (given.operands.length > 0 || given.command !== undefined) throw new UsageError("`flameline doctor` takes no operands.");
  const findings = await examine({ helperPath: helperPathOf(world), program: "flameline doctor", machine: world.machine });
  const ok = findings.every((finding) => finding.ok);
  world.out(given.flag("json") ? `${JSON.stringify({ ok, findings }, undefined, 2)}\n` : reportText("Flameline doctor", findings));
  return ok ? EXIT.done : EXIT.privilege;
}
