// Leaves out of the bundle what vscode-languageserver carries for servers that do more than ours.
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { exportedNames } from "./as-modules.mjs";
import { root } from "./paths.mjs";

/** The library's files of features that our server calls: a connection has no other. `progress` also reads each request's tokens. */
const KEPT = ["inlayHint", "progress", "workspaceFolder"];

/**
 * Makes each feature that is not kept an empty one: it adds nothing to the connection's class. `test/unit/language-server/bundle.test.ts`
 * speaks to the server that is left. Also `Files`, which looks for npm's packages, and the client's own copy of the text document.
 * @type {import("esbuild").Plugin}
 */
export const withoutUnusedServerFeatures = {
  name: "without-unused-server-features",
  setup(build) {
    /** @type {Set<string> | undefined} */
    let absent;
    build.onLoad({ filter: /[/\\]vscode-languageserver[/\\]lib[/\\]common[/\\]\w+\.js$/ }, ({ path: file }) => {
      absent ??= absentFeatures(path.join(path.dirname(file), "server.js"));
      if (!absent.has(path.basename(file, ".js"))) {
        return undefined;
      }
      const names = exportedNames(file);
      if (!names.some((name) => name.endsWith("Feature"))) {
        return { errors: [{ text: `${file} exports no feature that could be left out: has the language server been rearranged?` }] };
      }
      const contents = names.map((name) => `export const ${name} = ${name.endsWith("Feature") ? "(Base) => Base" : "undefined"};\n`);
      return { contents: contents.join(""), loader: "js" };
    });
    build.onLoad({ filter: /[/\\]vscode-languageserver[/\\]lib[/\\]node[/\\]files\.js$/ }, () => ({ contents: "", loader: "js" }));
    build.onResolve({ filter: /^vscode-languageserver-textdocument$/ }, ({ path: name, importer }) =>
      /[/\\]vscode-languageclient[/\\]/.test(importer) ? build.resolve(name, { kind: "import-statement", resolveDir: root }) : undefined,
    );
  },
};

/** The files of features that the library mixes into a connection and that are not kept. */
function absentFeatures(server) {
  const mixed = [...readFileSync(server, "utf8").matchAll(/\(0, (\w+)_1\.\w+Feature\)\(/g)].map(([, name]) => name ?? "");
  const missing = KEPT.filter((name) => !mixed.includes(name));
  if (mixed.length < 15 || missing.length > 0) {
    throw new Error(`The language server's library no longer mixes its features as it did (${missing.join(", ")}): look at ${server}.`);
  }
  return new Set(mixed.filter((name) => !KEPT.includes(name)));
}
