/** `flameline helper`: the recording helper that runs for this user, and the service for all users of the machine. */
import { changeService } from "../recorder/change-service.js";
import { connectRunningHelper } from "../recorder/connect-helper.js";
import type { HelperConnection } from "../recorder/helper-connection.js";
import { digestOf } from "../recorder/helper-digest.js";
import { findInstalledService, type InstalledService } from "../recorder/installed-service.js";
import { restartHelper } from "../recorder/restart-helper.js";
import { socketPaths } from "../recorder/socket-trust.js";
import { type Arguments, readArguments } from "./arguments.js";
import { type Command, EXIT, UsageError, type World } from "./command.js";
import { helperOptions, helperPathOf } from "./helper-options.js";
import { suggestion } from "./nearest-name.js";

const ACTIONS = ["install", "uninstall", "status", "restart"] as const;
type Action = (typeof ACTIONS)[number];

export const helperCommand: Command = {
  usage: "helper install [--start] | uninstall | status [--json] | restart [--json]",
  summary:
    "Installs or removes the helper as a service for all users, says which runs for you (exit code 1 when none does), or replaces it.",
  run: runHelper,
};

async function runHelper(args: readonly string[], world: World): Promise<number> {
  const given = readArguments(args, { json: { type: "boolean" }, start: { type: "boolean" } });
  const [word = "", ...more] = given.operands;
  const action = ACTIONS.find((one) => one === word);
  if (action === undefined || more.length > 0 || given.command !== undefined) {
    throw new UsageError(`\`flameline helper\` knows only install, uninstall, status and restart.${suggestion(word, ACTIONS)}`);
  }
  checkOptions(action, given);
  switch (action) {
    case "install":
      world.out(`${await changeService({ kind: "install", start: given.flag("start") }, helperOptions(world))}\n`);
      return EXIT.done;
    case "uninstall":
      world.out(`${await changeService({ kind: "uninstall" }, helperOptions(world))}\n`);
      return EXIT.done;
    case "restart":
      return report(await restartHelper(helperOptions(world)), given, world);
    case "status":
      return report(await connectRunningHelper(helperOptions(world)), given, world);
  }
}

function checkOptions(action: Action, given: Arguments): void {
  if (given.flag("start") && action !== "install") throw new UsageError(`--start goes with install, not with ${action}.`);
  if (given.flag("json") && action !== "status" && action !== "restart")
    throw new UsageError(`--json goes with status, not with ${action}.`);
}

async function report(connection: HelperConnection | undefined, given: Arguments, world: World): Promise<number> {
  const { hello, socketPath } = connection ?? {};
  connection?.close();
  const installed = await findInstalledService(world.machine);
  const ours = await digestOf(helperPathOf(world)).catch(() => undefined);
  const current = installed === undefined ? undefined : installed.sha256 === ours;
  const serves = socketPath === socketPaths(world.machine, 0).service;
  if (given.flag("json")) {
    const service = installed === undefined ? null : { ...installed, current, serves };
    world.out(
      `${JSON.stringify({ running: hello !== undefined, helper: hello ?? null, socket: socketPath ?? null, service }, undefined, 2)}\n`,
    );
  } else {
    world.out(
      hello === undefined
        ? "No helper is running; one starts with a recording.\n"
        : `Helper ${hello.helper} is running ${hello.pid > 0 ? `as process ${hello.pid}` : "outside this container"}${serves ? ", the service for all users," : ""} at ${socketPath} and can record ${hello.events.join(", ")}.\n`,
    );
    world.out(`${serviceText(installed, current === true)}\n`);
  }
  return hello === undefined ? EXIT.no : EXIT.done;
}

function serviceText(installed: InstalledService | undefined, current: boolean): string {
  if (installed === undefined) return "The service is not installed; `flameline helper install` installs it for all users of this machine.";
  const { path, version } = installed;
  return current
    ? `The service is installed: ${path}, version ${version}, with the digest of this package's helper.`
    : `The service is installed: ${path}, version ${version}, which is not this package's helper; \`flameline helper install\` replaces it.`;
}
