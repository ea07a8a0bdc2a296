/** The `flameline` command's process. */
import { thisMachine } from "../recorder/machine.js";
import { runCommandLine } from "./command-line.js";

// `flameline report … | head` closes our output early, which is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

void runCommandLine(process.argv.slice(2), {
  out: (data) => void process.stdout.write(data),
  err: (text) => void process.stderr.write(text),
  cwd: process.cwd(),
  env: process.env,
  terminal: process.stderr.isTTY === true,
  programFolder: __dirname,
  machine: thisMachine(),
}).then((code) => {
  process.exitCode = code;
});
