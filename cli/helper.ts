/** `flameline helper status`: whether a helper is running for this user, and which. */
import { connectRunningHelper } from "../recorder/connect-helper.js";
import { readArguments } from "./arguments.js";
import { type Command, EXIT, UsageError, type World } from "./command.js";
import { suggestion } from "./nearest-name.js";

export const helperCommand: Command = {
  usage: "helper status [--json]",
  summary: "Says whether a recording helper is running for you (exit code 1 when none is).",
  run: runHelper,
};

async function runHelper(args: readonly string[], world: World): Promise<number> {
  const given = readArguments(args, { json: { type: "boolean" } });
  const [action = "", ...more] = given.operands;
  if (action !== "status" || more.length > 0) {
    throw new UsageError(`\`flameline helper\` knows only status.${suggestion(action, ["status"])}`);
  }
  const connection = await connectRunningHelper({ client: "flameline helper", machine: world.machine });
  const hello = connection?.hello;
  connection?.close();
  if (given.flag("json")) world.out(`${JSON.stringify({ running: hello !== undefined, helper: hello ?? null }, undefined, 2)}\n`);
  else if (hello === undefined) world.out("No helper is running; one starts with a recording.\n");
  else world.out(`Helper ${hello.helper} is running as process ${hello.pid} and can record ${hello.events.join(", ")}.\n`);
  return hello === undefined ? EXIT.no : EXIT.done;
}
