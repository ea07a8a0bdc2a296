import { below } from "./paths.js";

/**
 * Whether a path matches a glob, as in VS Code's settings: `*` and `?` within a part, `**` over parts, `{a,b}` and `[a-z]`, `[!a-z]`.
 * A glob without a leading `/` is matched against the path below any of `folders`; a pattern that names a folder covers what is in it.
 */
export function matchesGlob(path: string, glob: string, folders: readonly string[]): boolean {
  const pattern = compile(glob);
  if (glob.startsWith("/")) {
    return pattern.test(path);
  }
  if (pattern.test(path.slice(1)) && glob.startsWith("**")) {
    return true;
  }
  return folders.some((folder) => {
    const relative = below(path, folder);
    return relative !== undefined && pattern.test(relative);
  });
}

const compiled = new Map<string, RegExp>();

function compile(glob: string): RegExp {
  const known = compiled.get(glob);
  if (known) {
    return known;
  }
  // A file below a folder that matches is matched too.
  const expression = new RegExp(`^${expand(glob.replace(/\/+$/, ""))}(?:/.*)?$`, "s");
  if (compiled.size > 1000) {
    compiled.clear();
  }
  compiled.set(glob, expression);
  return expression;
}

/** The glob as the source of a regular expression; an unclosed bracket or brace stands for itself. */
function expand(glob: string): string {
  let out = "";
  for (let i = 0; i < glob.length; ) {
    const rest = glob.slice(i);
    const class_ = /^\[([!^]?)(\]?[^\]/]*)\]/.exec(rest);
    const braces = closingBrace(rest);
    if (/^\*\*(\/|$)/.test(rest) && (i === 0 || glob[i - 1] === "/")) {
      const last = rest.length === 2;
      out += last ? ".*" : "(?:[^/]+/)*";
      i += last ? 2 : 3;
    } else if (rest.startsWith("*")) {
      out += "[^/]*";
      i += /^\*+/.exec(rest)?.[0].length ?? 1;
    } else if (rest.startsWith("?")) {
      out += "[^/]";
      i++;
    } else if (class_ && class_[2] !== "") {
      out += `(?!/)[${class_[1] ? "^" : ""}${(class_[2] ?? "").replaceAll(/[\\\]^[]/g, "\\$&")}]`;
      i += class_[0].length;
    } else if (braces > 0) {
      out += `(?:${splitAlternatives(rest.slice(1, braces)).map(expand).join("|")})`;
      i += braces + 1;
    } else {
      out += (glob[i] ?? "").replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&");
      i++;
    }
  }
  return out;
}

/** Index of the brace that closes the one `text` begins with; 0 when there is none. */
function closingBrace(text: string): number {
  let depth = 0;
  for (let i = 0; text.startsWith("{") && i < text.length; i++) {
    depth += text[i] === "{" ? 1 : text[i] === "}" ? -1 : 0;
    if (depth === 0) {
      return i;
    }
  }
  return 0;
}

function splitAlternatives(text: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const character of text) {
    depth += character === "{" ? 1 : character === "}" ? -1 : 0;
    if (character === "," && depth === 0) {
      parts.push("");
    } else {
      parts[parts.length - 1] += character;
    }
  }
  return parts;
}
