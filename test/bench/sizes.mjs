// How large what is shipped is.
import { existsSync, statSync } from "node:fs";
import * as path from "node:path";
import { packageTarget, vsixPath } from "../../scripts/package.mjs";
import { root } from "../../scripts/paths.mjs";

const SCRIPTS = ["extension.js", "language-server.js", "webview.js", "flameline.js", "askpass.js"];

export const bench = {
  title: "Size",
  run: async () => {
    const size = (file) => statSync(path.join(root, "dist", file)).size;
    const target = `linux-${process.arch}`;
    if (!existsSync(vsixPath(target))) {
      packageTarget(target);
    }
    return [
      { what: `VSIX for ${target}`, value: statSync(vsixPath(target)).size / 1e6, unit: "MB", target: 10 },
      ...SCRIPTS.map((file) => ({ what: file, value: size(file) / 1e3, unit: "kB" })),
      { what: "JavaScript in all", value: SCRIPTS.reduce((sum, file) => sum + size(file), 0) / 1e6, unit: "MB", target: 1 },
      { what: "helper", value: size("flameline-helper") / 1e6, unit: "MB" },
    ];
  },
};
