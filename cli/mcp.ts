/** `flameline mcp`: the command's answers over the Model Context Protocol; what it needs is loaded when it is asked for. */
import { type Command } from "./command.js";

export const mcpCommand: Command = {
  usage: "mcp [--allow-run]",
  summary:
    "Answers language-model clients on stdin and stdout by the Model Context Protocol: profile, hottest, explain_line, prove_change. Nothing of yours is run without --allow-run.",
  run: async (args, world) => (await import("./mcp/run-mcp.js")).runMcp(args, world),
};
