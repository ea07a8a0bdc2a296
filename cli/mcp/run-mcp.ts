import { readArguments } from "../arguments.js";
import { EXIT, UsageError, type World } from "../command.js";
import { readVersion } from "../version.js";
import { serveMcp } from "./serve.js";
import { createTools } from "./tools.js";

/** Until the client closes our input. */
export async function runMcp(args: readonly string[], world: World): Promise<number> {
  const given = readArguments(args, { "allow-run": { type: "boolean" } });
  if (given.operands.length > 0) throw new UsageError("mcp takes no file: the client names one with each question.");
  await serveMcp(process.stdin, world.out, createTools(world, given.flag("allow-run")), await readVersion(world));
  return EXIT.done;
}
