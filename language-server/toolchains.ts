import { existsSync, readdirSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Toolchains } from "../source/locator.js";

/**
 * Where Go and Rust keep the sources of their libraries on this machine, told by the environment and the usual folders
 * alone: asking `go env` or `rustc` would run a program of the workspace's choice.
 */
export function findToolchains(environment: NodeJS.ProcessEnv): Toolchains {
  const home = environment["HOME"] ?? homedir();
  const goPath = (environment["GOPATH"] ?? join(home, "go")).split(":")[0] ?? "";
  const goRoot = environment["GOROOT"] ?? goRootOf(environment["PATH"] ?? "");
  const rustSource = rustSourceBelow(join(environment["RUSTUP_HOME"] ?? join(home, ".rustup"), "toolchains"));
  return {
    goModuleCache: environment["GOMODCACHE"] ?? join(goPath, "pkg", "mod"),
    cargoHome: environment["CARGO_HOME"] ?? join(home, ".cargo"),
    ...(goRoot === undefined ? {} : { goRoot }),
    ...(rustSource === undefined ? {} : { rustSource }),
  };
}

/** `go` lies in `GOROOT/bin`, and a link to it is what PATH usually has. */
function goRootOf(searchPath: string): string | undefined {
  for (const folder of [...searchPath.split(":"), "/usr/local/go/bin"]) {
    try {
      const root = dirname(dirname(realpathSync(join(folder, "go"))));
      if (existsSync(join(root, "src", "runtime"))) {
        return root;
      }
    } catch {
      // Not there: the next folder.
    }
  }
  return undefined;
}

function rustSourceBelow(toolchains: string): string | undefined {
  try {
    return readdirSync(toolchains)
      .map((name) => join(toolchains, name, "lib", "rustlib", "src", "rust"))
      .find((folder) => existsSync(folder));
  } catch {
    return undefined;
  }
}
