// How large what is shipped is.
import { readdirSync, statSync } from "node:fs";
import * as path from "node:path";
import { freshPackage } from "../../scripts/package.mjs";
import { root } from "../../scripts/paths.mjs";

export const bench = {
  title: "Size",
  run: async () => {
    const size = (file) => statSync(path.join(root, "dist", file)).size;
    const scripts = (folder) => readdirSync(path.join(root, "dist", folder)).filter((name) => name.endsWith(".js"));
    const sum = (files) => files.reduce((bytes, file) => bytes + size(file), 0);
    const programs = scripts("");
    const shared = scripts("shared").map((name) => `shared/${name}`);
    const target = `linux-${process.arch}`;
    return [
      { what: `VSIX for ${target}`, value: statSync(freshPackage(target)).size / 1e6, unit: "MB", target: 10 },
      ...programs.map((file) => ({ what: file, value: size(file) / 1e3, unit: "kB" })),
      { what: "shared by several, or read when used", value: sum(shared) / 1e3, unit: "kB", note: `${shared.length} files` },
      { what: "JavaScript in all", value: sum([...programs, ...shared]) / 1e6, unit: "MB", target: 1 },
      { what: "helper", value: size("flameline-helper") / 1e6, unit: "MB" },
    ];
  },
};
