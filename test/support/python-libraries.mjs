// Python with libraries from PyPI that only tests use, in an environment of its own that is made once.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { cacheRoot } from "../../scripts/paths.mjs";

/**
 * @param {string[]} libraries with their versions, "django==5.2.19"
 * @param {string} [program] the Python to start from: Debian's, where another user is to run it, for a developer's own may lie in a closed home
 * @returns {{ python: string, whyNot?: undefined } | { python?: undefined, whyNot: string }} the interpreter, or why there is none: say, no network
 */
export function pythonWith(libraries, program = "python3") {
  const key = createHash("sha256")
    .update([...libraries, ...(program === "python3" ? [] : [program])].join(" "))
    .digest("hex")
    .slice(0, 12);
  const folder = path.join(cacheRoot(), "python", key);
  const python = path.join(folder, "bin/python");
  if (existsSync(path.join(folder, ".complete"))) {
    return { python };
  }
  const staging = `${folder}.${process.pid}`;
  mkdirSync(path.dirname(folder), { recursive: true });
  const pip = [
    "--python",
    path.join(staging, "bin/python"),
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "--root-user-action=ignore",
  ];
  for (const [command, ...args] of [
    [program, "-m", "venv", "--without-pip", staging],
    ["pip3", ...pip, ...libraries],
  ]) {
    const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
    if (status !== 0) {
      rmSync(staging, { recursive: true, force: true });
      const reason = (error?.message ?? stderr ?? "").trim().split("\n").at(-1);
      return { whyNot: `${libraries.join(" and ")} can't be installed: ${reason}` };
    }
  }
  writeFileSync(path.join(staging, ".complete"), "");
  rmSync(folder, { recursive: true, force: true });
  renameSync(staging, folder);
  return { python };
}
