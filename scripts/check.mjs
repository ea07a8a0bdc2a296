// All static checks: types, lint, format, unused code, Go's vet and lint.   node scripts/check.mjs [NAME…]
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { root } from "./paths.mjs";
import { has } from "./shell.mjs";

const bin = (name) => path.join(root, "node_modules/.bin", name);
const helper = path.join(root, "bpf-helper");
/** Built from a module of its own, so that the helper's vendored dependencies stay those that it ships. */
const staticcheck = path.join(root, ".build/staticcheck");

/** @type {{ name: string, command: string[], cwd?: string, skip?: () => string | undefined, failsOnOutput?: boolean }[]} */
const checks = [
  { name: "types", command: [bin("tsc"), "--build"] },
  { name: "lint", command: [bin("oxlint"), "--type-aware", "--deny-warnings"] },
  { name: "format", command: [bin("biome"), "format", "."] },
  { name: "named tests", command: [process.execPath, "scripts/named-tests.mjs"] },
  { name: "unused code", command: [bin("knip"), "--no-progress"] },
  { name: "go vet", command: ["go", "vet", "-tags", "guest", ".", "./internal/..."], cwd: helper, skip: needsGo },
  { name: "go format", command: ["sh", "-c", "gofmt -l internal *.go"], cwd: helper, skip: needsGo, failsOnOutput: true },
  { name: "BPF objects", command: ["bash", "bpf/build.sh", "--check"], cwd: helper, skip: needsClang },
  {
    name: "go lint",
    command: [
      "sh",
      "-c",
      `cd tools && go build -o "${staticcheck}" honnef.co/go/tools/cmd/staticcheck && cd .. && "${staticcheck}" -tags guest . ./internal/...`,
    ],
    cwd: helper,
    skip: needsGo,
  },
];

/** Another compiler makes other objects of the same source. */
function needsClang() {
  const recorded = readFileSync(path.join(helper, "bpf/clang-version"), "utf8").trim();
  const { stdout } = spawnSync("clang", ["--version"], { encoding: "utf8" });
  return stdout?.split("\n")[0] === recorded ? undefined : `the objects were compiled by ${recorded}, which is not installed here`;
}

function needsGo() {
  return has("go") ? undefined : "Go is not installed";
}

/**
 * @param {string[]} [names] only these
 * @returns {{ passed: number, failed: string[], skipped: string[] }}
 */
export function runChecks(names = []) {
  const result = { passed: 0, failed: [], skipped: [] };
  // `go vet` reads the vendored engine, which the helper's build makes.
  if (has("go") && !existsSync(path.join(helper, "vendor"))) {
    spawnSync("bash", [path.join(helper, "build.sh"), "--vendor-only"], { stdio: "inherit" });
  }
  for (const check of checks.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const reason = check.skip?.();
    if (reason !== undefined) {
      console.log(`skipped ${check.name}: ${reason}`);
      result.skipped.push(check.name);
      continue;
    }
    const [command, ...args] = check.command;
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: check.cwd ?? root, encoding: "utf8", maxBuffer: 1 << 26 });
    const failed = status !== 0 || (check.failsOnOutput === true && stdout.trim() !== "");
    console.log(`${failed ? "FAILED " : "passed "} ${check.name}`);
    if (failed) {
      console.log(`${stdout}${stderr}`.trimEnd());
      result.failed.push(check.name);
    } else {
      result.passed++;
    }
  }
  return result;
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const { failed } = runChecks(process.argv.slice(2));
  process.exit(failed.length > 0 ? 1 : 0);
}
