// The helper's unit tests as an ARM machine runs them, in an emulator of programs: it has no BPF, no seccomp and not each
// system call, so only the packages that do without.
import { goTests } from "../go-tests.mjs";
import { has } from "../shell.mjs";

const PACKAGES = ["wire", "recording", "target", "capture", "symbolize/gotable", "symbolize/names"];
const EMULATOR = "qemu-aarch64-static";

/** @returns {import("../go-tests.mjs").Outcome} */
export function arm64Tests() {
  const missing = ["go", EMULATOR].filter((each) => !has(each));
  if (missing.length > 0 || process.arch === "arm64") {
    console.log(`skipped the unit tests on ARM: ${missing.length > 0 ? `${missing.join(", ")} missing` : "this is one"}`);
    return { passed: 0, failed: [], skipped: ["the helper's unit tests on ARM"] };
  }
  return goTests(["-timeout=120s", `-exec=${EMULATOR}`, ...PACKAGES.map((name) => `./internal/${name}`)], {
    env: { GOARCH: "arm64", CGO_ENABLED: "0" },
    prefix: "arm64 ",
  });
}
