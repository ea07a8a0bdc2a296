/** Lets Node load TypeScript through the project's own esbuild, whose path is handed over at registration: types are left out, nothing is checked. */
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

let esbuild;

export function initialize(path) {
  esbuild = createRequire(path)(path);
}

/** TypeScript names the JavaScript that a file becomes, or nothing behind the name. */
export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (!/^(\.|\/|file:)/.test(specifier) || context.parentURL === undefined) throw error;
    const named = fileURLToPath(new URL(specifier, context.parentURL));
    const bare = named.replace(/\.([cm]?)jsx?$/, "");
    const candidates = [`${bare}.ts`, `${bare}.tsx`, `${bare}.mts`, `${bare}.cts`, `${named}.ts`, `${named}.tsx`, join(named, "index.ts")];
    const found = candidates.find((each) => statSync(each, { throwIfNoEntry: false })?.isFile());
    if (found === undefined) throw error;
    return { url: pathToFileURL(found).href, shortCircuit: true };
  }
}

export async function load(url, context, next) {
  if (!url.startsWith("file:") || !/\.[cm]?tsx?$/.test(url)) return next(url, context);
  const path = fileURLToPath(url);
  const { code } = esbuild.transformSync(readFileSync(path, "utf8"), {
    loader: extname(path) === ".tsx" ? "tsx" : "ts",
    format: "esm",
    sourcefile: path,
    tsconfigRaw: options(dirname(path)),
    sourcemap: "inline",
  });
  return { format: "module", source: code, shortCircuit: true };
}

/** The nearest tsconfig.json says how decorators and class fields are meant; esbuild reads it with its comments. */
function options(folder) {
  for (let at = folder; ; at = dirname(at)) {
    try {
      return readFileSync(join(at, "tsconfig.json"), "utf8");
    } catch {
      if (at === dirname(at)) return "{}";
    }
  }
}
