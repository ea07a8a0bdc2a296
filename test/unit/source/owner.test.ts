import { expect, test } from "vitest";
import { codeOwner, type OwnedPlace, type OwnerSettings } from "../../../source/owner.js";
import { InstalledFiles } from "../../../source/owner/installed-files.js";
import { FilesInMemory } from "./files-in-memory.js";

const settings: OwnerSettings = { folders: ["/ws"], include: [], exclude: [], justMyCode: true };
const nowhere: OwnedPlace = { path: undefined, recordedFile: "", functionName: "", language: "native", module: "" };

function owner(place: Partial<OwnedPlace>, change: Partial<OwnerSettings> = {}): string {
  return codeOwner({ ...nowhere, ...place }, { ...settings, ...change });
}

/** The owner of each path, as found on this machine. */
function ownersOf(paths: readonly string[], language: OwnedPlace["language"]): string {
  return paths.map((path) => `${path} ${owner({ path, recordedFile: path, language })}`).join("\n");
}

test("by path: the workspace is mine, dependencies in it and elsewhere are libraries, standard libraries are the runtime's", () => {
  expect(
    ownersOf(
      [
        "/ws/shop/cart.py",
        "/ws/my-env/lib/python3.11/site-packages/django/views.py",
        "/ws/.venv/lib/python3.11/json/decoder.py",
        "/ws/third_party/zlib/inflate.py",
        "/home/me/.local/lib/python3.11/site-packages/numpy/core.py",
        "/usr/lib/python3/dist-packages/yaml/__init__.py",
        "/usr/lib/python3.11/json/decoder.py",
        "/home/me/.pyenv/versions/3.11.7/lib/python3.11/re/_compiler.py",
        "/home/me/other/tool.py",
        "<frozen importlib._bootstrap>",
      ],
      "python",
    ),
  ).toMatchInlineSnapshot(`
    "/ws/shop/cart.py mine
    /ws/my-env/lib/python3.11/site-packages/django/views.py library
    /ws/.venv/lib/python3.11/json/decoder.py library
    /ws/third_party/zlib/inflate.py library
    /home/me/.local/lib/python3.11/site-packages/numpy/core.py library
    /usr/lib/python3/dist-packages/yaml/__init__.py library
    /usr/lib/python3.11/json/decoder.py runtime
    /home/me/.pyenv/versions/3.11.7/lib/python3.11/re/_compiler.py runtime
    /home/me/other/tool.py library
    <frozen importlib._bootstrap> runtime"
  `);
  expect(
    ownersOf(["/ws/src/env/config.js", "/ws/node_modules/react/index.js", "node:internal/fs/utils", "/ws/dist/app.js"], "javascript"),
  ).toMatchInlineSnapshot(`
    "/ws/src/env/config.js mine
    /ws/node_modules/react/index.js library
    node:internal/fs/utils runtime
    /ws/dist/app.js mine"
  `);
  expect(
    ownersOf(
      [
        "/ws/store/store.go",
        "/ws/vendor/example.org/v/v.go",
        "/home/me/go/pkg/mod/github.com/a/b@v1.2.3/b.go",
        "github.com/a/b@v0.0.0-20240101000000-abcdef123456/b.go",
        "/usr/local/go/src/fmt/print.go",
        "fmt/print.go",
        "runtime/proc.go",
        "example.com/shop/main.go",
      ],
      "go",
    ),
  ).toMatchInlineSnapshot(`
    "/ws/store/store.go mine
    /ws/vendor/example.org/v/v.go library
    /home/me/go/pkg/mod/github.com/a/b@v1.2.3/b.go library
    github.com/a/b@v0.0.0-20240101000000-abcdef123456/b.go library
    /usr/local/go/src/fmt/print.go runtime
    fmt/print.go runtime
    runtime/proc.go runtime
    example.com/shop/main.go unknown"
  `);
  expect(
    ownersOf(
      [
        "/ws/src/main.rs",
        "/rustc/59807616e0fbe8a0ab9e48bc6cd8fbb7/library/core/src/iter.rs",
        "/root/.cargo/registry/src/index.example-1/serde-1.0.2/src/de.rs",
        "/home/me/.rustup/toolchains/stable/lib/rustlib/src/rust/library/alloc/src/vec.rs",
      ],
      "rust",
    ),
  ).toMatchInlineSnapshot(`
    "/ws/src/main.rs mine
    /rustc/59807616e0fbe8a0ab9e48bc6cd8fbb7/library/core/src/iter.rs runtime
    /root/.cargo/registry/src/index.example-1/serde-1.0.2/src/de.rs library
    /home/me/.rustup/toolchains/stable/lib/rustlib/src/rust/library/alloc/src/vec.rs runtime"
  `);
});

test("by the recorded name where no file was found", () => {
  const java = { language: "java" as const, recordedFile: "HashMap.java" };
  expect(owner({ ...java, functionName: "java.lang.Object java.util.HashMap.put(java.lang.Object, java.lang.Object)" })).toBe("runtime");
  expect(owner({ ...java, functionName: "jdk.internal.misc.Unsafe.park" })).toBe("runtime");
  expect(owner({ ...java, functionName: "com.google.common.collect.Lists.newArrayList" })).toBe("library");
  expect(owner({ language: "go", functionName: "runtime.mallocgc" })).toBe("runtime");
  expect(owner({ language: "go", functionName: "encoding/json.(*Decoder).Decode" })).toBe("runtime");
  expect(owner({ language: "go", functionName: "example.com/shop.Run", recordedFile: "example.com/shop/run.go" })).toBe("library");
  expect(owner({ language: "go", functionName: "main.main" })).toBe("unknown");
  expect(owner({ language: "rust", functionName: "<alloc::vec::Vec<u8> as core::clone::Clone>::clone" })).toBe("runtime");
});

test("stubs, trampolines and builtins of a virtual machine are the runtime's", () => {
  const stubs: readonly Partial<OwnedPlace>[] = [
    { language: "javascript", functionName: "V8::StubFrame" },
    { language: "javascript", functionName: "V8::UnknownFrame" },
    { language: "javascript", functionName: "<external-file>" },
    { language: "javascript", functionName: "exec", recordedFile: "<unknown>" },
    { language: "java", functionName: "StubRoutines (2) [jlong_disjoint_arraycopy]" },
    { language: "java", functionName: "Interpreter" },
    { language: "python", functionName: "[unknown]" },
    { language: "ruby", functionName: "Array#map", recordedFile: "<cfunc>" },
    { language: "ruby", functionName: "(garbage collection)", recordedFile: "<gc>" },
    { language: "dotnet", functionName: "[stub: prestub]" },
    { language: "php", functionName: "preg_match" },
  ];
  expect(stubs.map((stub) => `${stub.functionName} ${owner(stub)}`).filter((row) => !row.endsWith(" runtime"))).toEqual([]);
  // Code of `eval` and of a foreign profile has no file either.
  expect(owner({ language: "javascript", functionName: "compiledTemplate" })).toBe("unknown");
  expect(owner({ language: "java", functionName: "Main.main" })).toBe("unknown");
  expect(owner({ functionName: "[unknown]" })).toBe("unknown");
});

test("machine code without a file, by its module", () => {
  const owners = [
    "/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0",
    "/usr/bin/python3.11",
    "/usr/lib/python3.11/lib-dynload/_json.cpython-311-x86_64-linux-gnu.so",
    "/usr/bin/node",
    "/usr/lib/jvm/java-17-openjdk-amd64/lib/server/libjvm.so",
    "/usr/lib/x86_64-linux-gnu/libc.so.6",
    "/lib64/ld-linux-x86-64.so.2",
    "/usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30",
    "/usr/lib/x86_64-linux-gnu/libssl.so.3",
    "/ws/build/app",
    "/ws/node_modules/sharp/build/sharp.node",
    "[vdso]",
  ].map((module) => `${module} ${owner({ module })}`);
  expect(owners.join("\n")).toMatchInlineSnapshot(`
    "/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0 runtime
    /usr/bin/python3.11 runtime
    /usr/lib/python3.11/lib-dynload/_json.cpython-311-x86_64-linux-gnu.so runtime
    /usr/bin/node runtime
    /usr/lib/jvm/java-17-openjdk-amd64/lib/server/libjvm.so runtime
    /usr/lib/x86_64-linux-gnu/libc.so.6 runtime
    /lib64/ld-linux-x86-64.so.2 runtime
    /usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30 runtime
    /usr/lib/x86_64-linux-gnu/libssl.so.3 library
    /ws/build/app mine
    /ws/node_modules/sharp/build/sharp.node library
    [vdso] kernel"
  `);
  const interpreter = { language: "c" as const, recordedFile: "/build/python3.11/Python/ceval.c" };
  expect(owner({ ...interpreter, module: "/usr/lib/libpython3.11.so.1.0" })).toBe("runtime");
  expect(owner({ ...interpreter, path: "/ws/Python/ceval.c", module: "/usr/lib/libpython3.11.so.1.0" })).toBe("mine");
  expect(owner({ language: "c", recordedFile: "./malloc/malloc.c", module: "/usr/lib/x86_64-linux-gnu/libc.so.6" })).toBe("runtime");
  expect(owner({ language: "c", recordedFile: "ssl/ssl_lib.c", module: "/usr/lib/libssl.so.3" })).toBe("library");
  expect(owner({ module: "/ws/target/debug/node" })).toBe("mine");
  expect(owner({ language: "kernel", functionName: "do_nanosleep" })).toBe("kernel");
  expect(owner({})).toBe("unknown");
});

test("globs: exclude takes out of the workspace, include brings in from anywhere and wins", () => {
  const at = (path: string, change: Partial<OwnerSettings>) => owner({ path, recordedFile: path, language: "python" }, change);
  expect(at("/ws/generated/api.py", { exclude: ["**/generated/**"] })).toBe("library");
  expect(at("/ws/generated/mine.py", { exclude: ["**/generated/**"], include: ["generated/mine.py"] })).toBe("mine");
  expect(at("/ws/node_modules/ours/a.py", { include: ["node_modules/ours"] })).toBe("mine");
  expect(at("/opt/shared/a.py", { include: ["/opt/shared/**"] })).toBe("mine");
});

test("a dependency opened as a workspace folder is mine", () => {
  const path = "/ws/node_modules/react/index.js";
  expect(owner({ path, recordedFile: path }, { folders: ["/ws", "/ws/node_modules/react"] })).toBe("mine");
});

test("with just-my-code off, libraries with a source count as mine, the runtime never does", () => {
  const off = { justMyCode: false };
  const library = "/ws/node_modules/react/index.js";
  expect(owner({ path: library, recordedFile: library }, off)).toBe("mine");
  expect(owner({ module: "/usr/lib/libssl.so.3" }, off)).toBe("library");
  expect(owner({ path: "/usr/local/go/src/fmt/print.go", language: "go" }, off)).toBe("runtime");
});

test("what package managers put into a workspace, or keep elsewhere, is a library; what the workspace builds is mine", () => {
  const paths: readonly [OwnedPlace["language"], string][] = [
    ["javascript", "/ws/packages/api/node_modules/zod/lib/index.js"],
    ["go", "/ws/vendor/github.com/yuin/goldmark/parser/parser.go"],
    ["rust", "/ws/target/debug/build/ring-0a1b2c/out/bindings.rs"],
    ["rust", "/ws/target/x86_64-unknown-linux-musl/release/build/ring-0a1b2c/out/bindings.rs"],
    ["rust", "/ws/.cargo/registry/src/index.crates.io-6f17d22bba15001f/serde-1.0.2/src/lib.rs"],
    ["rust", "/home/me/.cargo/git/checkouts/serde-1a2b/3c4d/src/lib.rs"],
    ["java", "/home/me/.m2/repository/com/google/code/gson/gson/2.10/Gson.java"],
    ["java", "/home/me/.gradle/caches/modules-2/files-2.1/gson/Gson.java"],
  ];
  const others = paths.filter(([language, path]) => owner({ path, recordedFile: path, language }) !== "library");
  expect(others).toEqual([]);
  expect(owner({ module: "/ws/target/release/shop" })).toBe("mine");
  expect(owner({ path: "/ws/build/out/main.rs", recordedFile: "/ws/build/out/main.rs", language: "rust" })).toBe("mine");
});

test("what pip put into a folder of the workspace is a library, and the user's file beside it is mine", async () => {
  const files = new FilesInMemory({
    "/ws/lambda/handler.py": "",
    "/ws/lambda/requests/api.py": "",
    "/ws/lambda/requests/local.py": "",
    "/ws/lambda/odd,name.py": "",
    "/ws/lambda/requests-2.32.0.dist-info/RECORD":
      'requests/api.py,sha256=abc,10\r\n"odd,name.py",sha256=abc,1\r\n../outside.py,,\r\nrequests-2.32.0.dist-info/RECORD,,\r\n',
    "/ws/outside.py": "",
  });
  const judge = async (folders: readonly string[], path: string): Promise<string> => {
    const installed = new InstalledFiles(files, folders);
    await installed.look(path);
    return owner({ path, recordedFile: path, language: "python", isInstalled: installed.has(path) }, { folders });
  };
  expect(await judge(["/ws"], "/ws/lambda/requests/api.py")).toBe("library");
  expect(await judge(["/ws"], "/ws/lambda/odd,name.py")).toBe("library");
  expect(await judge(["/ws"], "/ws/lambda/handler.py")).toBe("mine");
  expect(await judge(["/ws"], "/ws/lambda/requests/local.py")).toBe("mine");
  expect(await judge(["/ws"], "/ws/outside.py")).toBe("mine");
  // Who opens an installed package works on it.
  expect(await judge(["/ws", "/ws/lambda/requests"], "/ws/lambda/requests/api.py")).toBe("mine");
});
