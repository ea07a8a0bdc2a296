// Programs in C that benches of the helper record: those that its own tests have.
import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { root } from "../../scripts/paths.mjs";
import { has, isRoot } from "../../scripts/shell.mjs";

/** @returns {string | undefined} why none can be built and recorded here */
export function whyNoProgram() {
  if (!isRoot) {
    return "it records with the real helper and needs root";
  }
  return has("cc") ? undefined : "it needs a C compiler";
}

/** @param {string} folder where it is to lie @param {string} name in bpf-helper/testdata @param {string[]} options the compiler's @returns {string} */
export function buildProgram(folder, name, options) {
  const program = path.join(folder, name);
  spawnSync("cc", [...options, "-o", program, path.join(root, `bpf-helper/testdata/${name}.c`)], { stdio: "inherit" });
  return program;
}
