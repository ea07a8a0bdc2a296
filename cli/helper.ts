/** `flameline helper`: the recording helper that runs for this user. */
import { connectRunningHelper } from "../recorder/connect-helper.js";
import type { HelperConnection } from "../recorder/helper-connection.js";
import { restartHelper } from "../recorder/restart-helper.js";
import { readArguments } from "./arguments.js";
import { type Command, EXIT, UsageError, type World } from "./command.js";
import { helperOptions } from "./helper-options.js";
import { suggestion } from "./nearest-name.js";

const ACTIONS = ["status", "restart"] as const;

export const helperCommand: Command = {
  usage: "helper status|restart [--json]",
  summary: "Says whether a recording helper is running for you (exit code 1 when none is), or replaces it.",
  run: runHelper,
};

async function runHelper(args: readonly string[], world: World): Promise<number> {
  const given = readArguments(args, { json: { type: "boolean" } });
  const [word = "", ...more] = given.operands;
  const action = ACTIONS.find((one) => one === word);
  if (action === undefined || more.length > 0) {
    throw new UsageError(`\`flameline helper\` knows only ${ACTIONS.join(" and ")}.${suggestion(word, ACTIONS)}`);
  }
  const connection: HelperConnection | undefined =
    action === "restart" ? await restartHelper(helperOptions(world)) : await connectRunningHelper(helperOptions(world));
  const hello = connection?.hello;
  connection?.close();
  if (given.flag("json")) world.out(`${JSON.stringify({ running: hello !== undefined, helper: hello ?? null }, undefined, 2)}\n`);
  else if (hello === undefined) world.out("No helper is running; one starts with a recording.\n");
  else world.out(`Helper ${hello.helper} is running as process ${hello.pid} and can record ${hello.events.join(", ")}.\n`);
  return hello === undefined ? EXIT.no : EXIT.done;
}
