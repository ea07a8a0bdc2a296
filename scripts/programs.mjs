// Bundles the programs that run on Node so that what several of them need lies on disk once, and what a program may never need
// is read when it does.
//
//   dist/extension.js  dist/language-server.js  dist/flameline.js     what each always needs
//            └──────────────────┴──────────────────┴── require ──► dist/shared/*.js
//
// esbuild splits ES modules only, and an ES module is loaded by VS Code more slowly than a CommonJS one: so it is split first, and each
// piece is made CommonJS then. `import()` becomes a late `require`.
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import * as esbuild from "esbuild";
import { librariesAsModules } from "./as-modules.mjs";
import { withoutUnusedFeatures } from "./client-features.mjs";
import { root } from "./paths.mjs";
import { withoutUnusedServerFeatures } from "./server-features.mjs";
import { withoutUnusedMembers } from "./unused-members.mjs";

/** Options shared by all bundles: no source text in the maps, so that the package stays small. */
export const common = { bundle: true, minify: true, sourcesContent: false, logLevel: "warning", legalComments: "none" };
export const node = { platform: "node", target: "node20" };

/** The command is run as a file too. */
const COMMAND = "flameline.js";

/**
 * esbuild copies a required module into a namespace, once for each file that imports it. VS Code's API is hundreds of getters, it is its own
 * namespace, and nothing here asks for its default export: so each copy is left out. Blanks keep the columns that the maps name.
 */
const WRAPPED_VSCODE = /(?<=[=,])([\w$]+)\(require\("vscode"\)\)/g;

/** In this order: the first that knows a file reads it. */
export const smallerLibraries = [withoutUnusedFeatures, withoutUnusedServerFeatures, withoutUnusedMembers, librariesAsModules];

/** @type {import("esbuild").BuildOptions} */
export const programs = {
  ...common,
  ...node,
  absWorkingDir: root,
  entryPoints: { extension: "extension/main.ts", "language-server": "language-server/main.ts", flameline: "cli/main.ts" },
  outdir: "dist",
  chunkNames: "shared/[hash]",
  format: "esm",
  splitting: true,
  external: ["vscode"],
  sourcemap: "inline",
  write: false,
  metafile: true,
  plugins: [
    ...smallerLibraries,
    // Nothing comes of a build with errors: what is there stays.
    {
      name: "common-js",
      setup: (build) => build.onEnd(({ outputFiles, metafile }) => outputFiles?.length && writePieces(outputFiles, metafile)),
    },
  ],
};

/**
 * Whether a piece reads others of ours late, with `import()` that is to become `require`. That of tree-sitter is to stay: `require` is
 * another thing where it stands.
 */
function importsPieces(file, text) {
  const targets = [...text.matchAll(/\bimport\("([^"]+)"\)/g)].map(([, target]) => target ?? "");
  const ours = targets.filter((target) => target.startsWith("."));
  if (ours.length > 0 && ours.length < targets.length) {
    throw new Error(`${path.basename(file)} imports ${targets.join(", ")} late: pieces of ours and others can't be told apart in one file`);
  }
  return ours.length > 0;
}

/**
 * @param {import("esbuild").OutputFile[]} files ES modules with their maps inside
 * @param {import("esbuild").Metafile} metafile
 */
async function writePieces(files, metafile) {
  for (const { entryPoint = "", exports } of Object.values(metafile.outputs)) {
    if (entryPoint.includes("node_modules/") && exports.every((name) => name === "default")) {
      throw new Error(`${entryPoint} is imported late and would hand over no names: let a file of ours name what is used of it`);
    }
  }
  const pieces = await Promise.all(
    files.map(async ({ path: file, text }) => ({
      file,
      ...(await esbuild.transform(text, {
        ...node,
        format: "cjs",
        minify: true,
        sourcemap: "external",
        sourcesContent: false,
        sourcefile: path.basename(file),
        supported: { "dynamic-import": !importsPieces(file, text) },
        ...(path.basename(file) === COMMAND ? { banner: "#!/usr/bin/env node" } : {}),
      })),
    })),
  );
  const written = new Set();
  for (const { file, code: wrapped, map } of pieces) {
    const code = wrapped.replace(WRAPPED_VSCODE, (text, wrap) => text.replace(wrap, " ".repeat(wrap.length)));
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `${code}//# sourceMappingURL=${path.basename(file)}.map\n`);
    writeFileSync(`${file}.map`, map);
    written.add(file).add(`${file}.map`);
  }
  chmodSync(path.join(root, "dist", COMMAND), 0o755);
  // Pieces of earlier builds last, so that a program that starts meanwhile finds its own.
  const shared = path.join(root, "dist/shared");
  for (const name of readdirSync(shared).filter((each) => !written.has(path.join(shared, each)))) {
    rmSync(path.join(shared, name));
  }
}
