import { isInterpreted } from "../../profile/interpreted.js";
import type { FrameLanguage } from "../../protocol/events.js";
import { baseName } from "../paths.js";

/** Standard libraries by their usual places: CPython's, Go's, Rust's, Node's own scripts, Ruby's, the JDK's modules, .NET's. */
const runtimePaths =
  /^node:|^internal\/(?!.*\.go$)|\/lib(64)?\/python\d\.\d+\/(?!site-packages|dist-packages)|^\/rustc\/|\/rustlib\/src\/rust\/|^\/?usr\/(local|lib)\/go(-[\d.]+)?\/src\/|\/(sdk\/go|toolchain@v\d+-go)[\d.]+[^/]*\/src\/|\/lib\/ruby\/\d|^jrt:|\/(openjdk|jdk|jre)[^/]*\/|\/dotnet\/shared\/|^<frozen |\/(glibc|musl)-[\d.]+\/|^\.\.\/sysdeps\/|\/gcc-[\d.]+\/|\/include\/c\+\+\//;

/** Interpreters, virtual machines and the C library, as mapped files. */
const runtimeModules =
  /^(ld(-linux|-musl)?[^/]*|libc|libc-[\d.]+|libm|libm-[\d.]+|libdl|librt|libpthread[^/]*|libstdc\+\+|libc\+\+|libc\+\+abi|libgcc_s|libatomic|libpython[\d.]*|python[\d.]*|pypy[\d.]*|node|nodejs|libnode|deno|bun|libjvm|libjava|libnio|libnet|libzip|libjimage|java|libruby[^/]*|ruby[\d.]*|php[\d.]*(-fpm|-cgi)?|libphp[^/]*|perl[\d.]*|libperl|beam\.smp|dotnet|libcoreclr|libclrjit|libhostfxr|libhostpolicy|libSystem\.Native|libmono[^/]*)(\.so[\d.]*)?(\.\d+)*$/;

const javaPackages = /^(java|javax|jdk|sun|com\.sun|kotlin|scala)\./;
const pythonFrozen = /^<?(frozen )?(importlib|_bootstrap|runpy|zipimport)/;
const goStandard =
  /^(runtime|internal|syscall|reflect|sync|os|net|fmt|sort|strings|bytes|math|time|encoding|crypto|compress|bufio|io|regexp|strconv|unicode|context|errors|hash|html|path|text|testing|container|database|archive|image|log|mime|go|slices|maps|iter|unique|weak|vendor|type:|go:)([./]|$)/;
const rustStandard = /^<?(std|core|alloc|proc_macro|test|hashbrown|__rustc|rustc_demangle|compiler_builtins)::/;

/** Whether a file is part of a language's own library. */
export function isRuntimePath(path: string, language: FrameLanguage): boolean {
  return runtimePaths.test(path) || (language === "python" && pythonFrozen.test(path)) || (language === "go" && isGoStandardFile(path));
}

/** `-trimpath` leaves `fmt/print.go`: a first part without a dot is the standard library (the Go command reserves it, `go help importpath`). */
function isGoStandardFile(path: string): boolean {
  return !path.startsWith("/") && goStandard.test(path) && path.includes("/");
}

/** Whether the function's name says that it belongs to the language's own library, where the file doesn't. */
export function isRuntimeFunction(place: { recordedFile: string; functionName: string; language: FrameLanguage; module: string }): boolean {
  // A source path was recorded and is elsewhere: it decides, not a name that anyone may choose.
  if (place.recordedFile.includes("/")) {
    return false;
  }
  if (isRuntimeStub(place)) {
    return true;
  }
  switch (place.language) {
    case "java":
      return javaPackages.test(place.functionName.replace(/^[\w.[\]$<>]+ (?=[\w.$]+\()/, ""));
    case "go":
      return goStandard.test(place.functionName);
    case "rust":
      return rustStandard.test(place.functionName);
    case "javascript":
      return place.recordedFile === "" && isRuntimeModule(place.module);
    default:
      return false;
  }
}

/**
 * Whether the frame is a stub, a trampoline or a builtin of a virtual machine, as the engine names them: `V8::StubFrame`, builtins in
 * `<unknown>`; HotSpot's `StubRoutines (2) [jlong_fill]` (a method's name has a dot); Ruby's C functions and collector in `<cfunc>` and `<gc>`;
 * .NET's `[stub: prestub]`; PHP's internal functions without a file. V8's code of `eval` has no file, but a name of its own: not a stub.
 */
export function isRuntimeStub({
  recordedFile,
  functionName,
  language,
}: {
  recordedFile: string;
  functionName: string;
  language: FrameLanguage;
}): boolean {
  if (recordedFile === "" && functionName === "[unknown]" && isInterpreted(language)) {
    return true;
  }
  switch (language) {
    case "javascript":
      return recordedFile === "<unknown>" || (recordedFile === "" && /^(V8::\w+|<external-file>)$/.test(functionName));
    case "java":
      return recordedFile === "" && !functionName.includes(".");
    case "ruby":
      return /^<(cfunc|gc)>$/.test(recordedFile);
    case "dotnet":
      return recordedFile === "" && functionName.startsWith("[stub: ");
    case "php":
      return recordedFile === "";
    default:
      return false;
  }
}

/** Whether a mapped file is an interpreter, a virtual machine, a module of its standard library, or the C or C++ library. */
export function isRuntimeModule(module: string): boolean {
  return (
    runtimeModules.test(baseName(module)) ||
    /\/lib(64)?\/python\d\.\d+\/lib-dynload\//.test(module) ||
    /\/(openjdk|jdk|jre|jvm)[^/]*\/(.*\/)?lib\//.test(module)
  );
}
