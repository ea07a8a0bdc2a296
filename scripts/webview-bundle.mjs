// How the flame graph's page is bundled, by the build and by its tests.
import * as path from "node:path";
import { root } from "./paths.mjs";
import { common } from "./programs.mjs";

/**
 * The chart of callers and callees moves nothing slowly; what it asks of d3 beyond selections and hierarchies is a file of ours.
 * @type {import("esbuild").Plugin}
 */
const withoutTransitions = {
  name: "without-transitions",
  setup(build) {
    build.onResolve({ filter: /^d3-(array|dispatch|ease|format|scale|transition)$/ }, () => ({
      path: path.join(root, "webview/d3-for-flame-graph.ts"),
    }));
  },
};

/** @type {import("esbuild").BuildOptions} */
export const webview = {
  ...common,
  absWorkingDir: root,
  platform: "browser",
  format: "iife",
  target: "es2022",
  sourcemap: "linked",
  entryPoints: ["webview/main.ts"],
  outfile: "dist/webview.js",
  plugins: [withoutTransitions],
};
