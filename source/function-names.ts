import type { FrameLanguage } from "../protocol/events.js";

/** A part of a name that stands for any: what compilers print for an impl block or a class without a name. */
export const ANY_PART = "*";

/**
 * A function's name as its parts from the outside in, without what differs between a profiler's spelling and the source: arguments,
 * return types, type arguments, hashes, import paths. `void com.acme.Main$Inner.run(int)` → com acme Main Inner run.
 */
export function nameParts(name: string, language: FrameLanguage): string[] {
  switch (language) {
    case "python":
      return name.split(".").filter((part) => part !== "<locals>");
    case "go":
      return goParts(name);
    case "java":
      return javaParts(name);
    case "rust":
      return rustParts(name);
    case "c":
    case "cpp":
    case "native":
      return cppParts(name);
    case "javascript":
      return name
        .replace(/^(get|set|async|new) /, "")
        .split(/\.(?![^[]*\])/)
        .filter(isPart);
    case "ruby":
      return name
        .replace(/^(block|rescue|ensure) (\(\d+ levels\) )?in /, "")
        .replace(/^Object#/, "")
        .split(/::|[#.]/)
        .filter(isPart);
    case "php":
      return name.split(/::|\\/).filter(isPart);
    case "perl":
      return name.split(/::/).filter(isPart);
    case "beam":
      // Elixir's `Shop.Cart.add/2`, Erlang's `cart:add/2`, `cart:-add/2-fun-0-/1` for a closure in it.
      return name
        .replace(/\/\d+$/, "")
        .replace(/-(\w+[?!]?)\/\d+-.*$/s, "$1")
        .split(/[.:]/)
        .filter(isPart);
    case "dotnet":
      return withoutArguments(name)
        .replaceAll(/`\d+|<[\w, ]*>(?=\.|$)/g, "")
        .split(/[+/]|\.(?!c?ctor$)/)
        .filter(isPart);
    default:
      return [name];
  }
}

function isPart(part: string): boolean {
  return part !== "";
}

/** `void com.acme.Main$Inner.lambda$run$0(int)` → com acme Main Inner lambda$run$0 */
function javaParts(name: string): string[] {
  const qualified = withoutArguments(name)
    .replace(/^.*\s/s, "")
    .replace(/\/0x[0-9a-f]+/, "");
  const method = qualified.lastIndexOf(".");
  const className = qualified.slice(0, Math.max(0, method));
  return [...className.split(/[./$]/).filter(isPart), qualified.slice(method + 1)];
}

/**
 * `github.com/a/b.v2/store.(*Cache[...]).Put-fm` → store (*Cache) Put. Wrappers and bodies of `range` over a function are their function;
 * `init` functions and package-level closures lose their number, which counts over all files of the package.
 */
function goParts(name: string): string[] {
  return name
    .slice(name.replace(/[([].*$/s, "").lastIndexOf("/") + 1)
    .replaceAll(/\[[^\]]*\]+/g, "")
    .replaceAll(/-fm$|\.(gowrap|deferwrap)\d+$|-range\d+/g, "")
    .replace(
      /^(\w+)\.(?:init|glob\.)\.(\d+|func)\d*(?=\.|$)/,
      (_, name: string, what: string) => `${name}.init${what === "func" ? ".func" : ""}`,
    )
    .split(/\.(?![^(]*\))/)
    .filter(isPart);
}

/** `<acme::Grid<T> as core::fmt::Display>::fmt::h0123456789abcdef` → acme Grid fmt */
function rustParts(name: string): string[] {
  const plain = name
    .replace(/::h[0-9a-f]{16}$/, "")
    .replaceAll(/\{impl#\d+\}/g, ANY_PART)
    .replaceAll(/\{closure_env#/g, "{closure#");
  let rest = plain;
  for (let before = ""; before !== rest; ) {
    before = rest;
    rest = rest.replaceAll(/(\w)(::)?<[^<>]*>/g, "$1").replaceAll(/<([^<>]*?) as [^<>]*>/g, "$1");
  }
  return rest.replaceAll(/[<>]/g, "").split("::").filter(isPart);
}

/** `void ns::(anonymous namespace)::Grid<int>::step(int) const [clone .cold]` → ns (anonymous namespace) Grid step */
function cppParts(name: string): string[] {
  const marked = name
    .replaceAll(/ \[clone [^\]]*\]|\.(constprop|isra|part|cold|lto_priv)(\.\d+)*$/g, "")
    .replaceAll("(anonymous namespace)", "\u0001")
    .replaceAll(/\{lambda\([^{}]*\)#(\d+)\}/g, "{lambda#$1}");
  const operator = /(^|::)(operator\s*(\(\)|\[\]|[^\w\s(]+|[\w\s:*&]+))(\(|$)/.exec(marked);
  const head = repeatedly(operator ? marked.slice(0, operator.index) : marked, /\([^()]*\)/g);
  // What is left before the name is the return type, behind it what a member is.
  const plain = repeatedly(head, /<[^<>]*>/g)
    .replace(/( (const|volatile|noexcept)| ?&{1,2})+$/, "")
    .replace(/^.*\s(?=\S+$)/s, "");
  const parts = plain
    .split("::")
    .filter(isPart)
    .map((part) => part.replaceAll("\u0001", "(anonymous namespace)").replace(/\[abi:\w+\]$/, ""));
  const last = operator?.[2]?.replaceAll(/\s+/g, " ");
  // A lambda's call operator is the lambda itself.
  return last === undefined || (last === "operator()" && parts.at(-1)?.startsWith("{lambda#")) ? parts : [...parts, last];
}

/** Removes what matches until nothing does: brackets from the inside out. */
function repeatedly(name: string, pattern: RegExp): string {
  let rest = name;
  for (let before = ""; before !== rest; ) {
    before = rest;
    rest = rest.replaceAll(pattern, "");
  }
  return rest;
}

function withoutArguments(name: string): string {
  return name.replace(/\(.*$/s, "");
}
