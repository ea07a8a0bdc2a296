/** Whether a recorded file can be a file at all: not `<frozen importlib._bootstrap>`, `<string>`, `[eval]`, `node:fs` or `jrt:/…`. */
export function isRecordedName(file: string): boolean {
  return (
    file !== "" && !/^(<|\[|node:|internal\/.*(?<!\.go)$|jrt:|evalmachine\.|https?:|data:|blob:|wasm:)/.test(file) && !file.includes("\0")
  );
}

/** Without a URL's dress: `file:///a%20b.js` → `/a b.js`, `webpack://app/./src/x.ts?a1b2` → `src/x.ts`. Other names stay as they are. */
export function plainPath(file: string): string {
  if (file.startsWith("file://")) {
    return decode(file.replace(/^file:\/\/[^/]*/, "").replace(/[?#].*$/, ""));
  }
  return /^(webpack|webpack-internal|rollup|vite|turbopack|ng|parcel):\/\//.test(file) ? bundledPath(file) : file;
}

/** `webpack://<name>/./src/x.ts`, `webpack:///./src/x.ts`, `webpack-internal:///(rsc)/./src/x.ts`, `turbopack:///[project]/src/x.ts`. */
function bundledPath(url: string): string {
  const path = decode(url.replace(/^[\w-]+:\/\//, "").replace(/\?[^/]*$/, ""));
  const marked = /(?:^|\/)(\.{1,2}\/.*)$/.exec(path)?.[1];
  if (marked !== undefined) {
    return marked.replace(/^\.\//, "");
  }
  // An absolute path is kept; else the first part is the bundle's name or a mark in brackets.
  return path.startsWith("/") ? path.replace(/^\/(\[[^\]]*\]|\([^)]*\))\//, "") : path.replace(/^[^/]*\//, "");
}

/** Percent signs that aren't escapes are kept as they are. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
