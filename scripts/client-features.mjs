// Leaves out of the bundle what vscode-languageclient carries for servers that offer more than ours.
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { exportedNames } from "./as-modules.mjs";

/** The client's files of features that stay, each with the capability of a server that it answers to; null where it needs none. */
export const KEPT_FEATURES = {
  codeAction: "codeActionProvider",
  codeLens: "codeLensProvider",
  configuration: null,
  hover: "hoverProvider",
  inlayHint: "inlayHintProvider",
  progress: null,
  textSynchronization: "textDocumentSync",
  workspaceFolder: "workspace",
};

/** A feature that offers nothing and listens to nothing: the client may register it like any other. */
const ABSENT = `class Absent {
  fillClientCapabilities() {}
  initialize() {}
  getState() { return { kind: "static" }; }
  clear() {}
}
`;

/**
 * Replaces each feature that is not kept by an absent one, under the same names: a third of the client. Also the look at VS Code's version,
 * which needs the whole of semver: VS Code itself refuses an extension whose `engines` it does not meet.
 * @type {import("esbuild").Plugin}
 */
export const withoutUnusedFeatures = {
  name: "without-unused-features",
  setup(build) {
    /** @type {Set<string> | undefined} */
    let absent;
    build.onLoad({ filter: /[/\\]vscode-languageclient[/\\]lib[/\\]common[/\\]\w+\.js$/ }, ({ path: file }) => {
      absent ??= absentFeatures(path.join(path.dirname(file), "client.js"));
      if (!absent.has(path.basename(file, ".js"))) {
        return undefined;
      }
      const names = exportedNames(file);
      if (!names.some((name) => name.endsWith("Feature"))) {
        return { errors: [{ text: `${file} exports no feature that could be left out: has the language client been rearranged?` }] };
      }
      const contents = names.map((name) =>
        name.endsWith("Feature") ? `export class ${name} extends Absent {}` : `export const ${name} = undefined;`,
      );
      return { contents: `${ABSENT}${contents.join("\n")}\n`, loader: "js" };
    });
    build.onLoad({ filter: /[/\\]semver[/\\]functions[/\\](parse|satisfies)\.js$/ }, () => ({
      contents: "export default () => true;\n",
      loader: "js",
    }));
    // Its opening imports the server's half too, which nothing here asks for.
    build.onResolve({ filter: /^\.\/lib\// }, ({ importer, path: file }) =>
      /[/\\]ws[/\\]wrapper\.mjs$/.test(importer) ? { path: path.join(path.dirname(importer), file), sideEffects: false } : undefined,
    );
  },
};

/** The files of features that the client registers and that are not kept. @param {string} client its file @returns {Set<string>} */
export function absentFeatures(client) {
  const text = readFileSync(client, "utf8");
  const registered = [...text.matchAll(/this\.registerFeature\(new (\w+)_1\.\w+Feature\(/g)].map(([, name]) => name ?? "");
  const missing = Object.keys(KEPT_FEATURES).filter((name) => !text.includes(`require("./${name}")`));
  if (registered.length < 30 || missing.length > 0) {
    throw new Error(`The language client no longer registers its features as it did (${missing.join(", ")}): look at ${client}.`);
  }
  return new Set(registered.filter((name) => !(name in KEPT_FEATURES)));
}
