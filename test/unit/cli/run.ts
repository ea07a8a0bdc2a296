/** Runs a command line in a folder of its own and gives what a user would see. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommandLine } from "../../../cli/command-line.js";
import { type Machine, thisMachine } from "../../../recorder/machine.js";

export class Run {
  readonly folder = mkdtempSync(join(tmpdir(), "flameline-test-"));
  out = "";
  err = "";
  machine: Machine = thisMachine();
  #env: Readonly<Record<string, string>> = {};

  /** With variables of the environment beside ours. */
  with(env: Readonly<Record<string, string>>): this {
    this.#env = env;
    return this;
  }

  /** The exit code and both outputs as one text, with the folder masked. */
  async line(...args: string[]): Promise<string> {
    this.out = "";
    this.err = "";
    const code = await runCommandLine(args, {
      out: (data) => void (this.out += typeof data === "string" ? data : Buffer.from(data).toString("latin1")),
      err: (text) => void (this.err += text),
      cwd: this.folder,
      env: { PATH: "/usr/bin:/bin", FLAMELINE_HELPER: join(this.folder, "helper"), ...this.#env },
      terminal: false,
      programFolder: this.folder,
      machine: this.machine,
    });
    return `${code}\n${this.out}${this.err}`.replaceAll(this.folder, "DIR").trimEnd();
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
