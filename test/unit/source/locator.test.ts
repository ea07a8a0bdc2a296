import { expect, test } from "vitest";
import { Locator, type LocatorOptions, type RecordedPosition } from "../../../source/locator.js";
import { FilesInMemory } from "./files-in-memory.js";

const nothing: RecordedPosition = {
  file: "",
  line: 7,
  column: 0,
  functionName: "",
  language: "native",
  module: "",
  root: "/",
  workingDirectory: "",
};

/** `path:line (rule)`, or `nowhere`. */
async function locate(files: FilesInMemory, position: Partial<RecordedPosition>, options: Partial<LocatorOptions> = {}): Promise<string> {
  const located = await new Locator({ files, folders: ["/ws"], pathMappings: [], ...options }).locate({ ...nothing, ...position });
  return located ? `${located.path}:${located.line} (${located.rule})` : "nowhere";
}

test("an absolute path that exists is taken as it is, in the workspace or not", async () => {
  const files = new FilesInMemory(["/ws/app.py", "/usr/lib/python3.11/json/decoder.py"]);
  expect(await locate(files, { file: "/ws/app.py" })).toBe("/ws/app.py:7 (recorded path)");
  expect(await locate(files, { file: "/ws/./src/../app.py" })).toBe("/ws/app.py:7 (recorded path)");
  expect(await locate(files, { file: "/usr/lib/python3.11/json/decoder.py" })).toBe(
    "/usr/lib/python3.11/json/decoder.py:7 (recorded path)",
  );
  expect(await locate(files, { file: "/gone/other.py" })).toBe("nowhere");
});

test("a relative path is looked for from the process's folder, then above its executable, then in each folder", async () => {
  const files = new FilesInMemory(["/ws/tools/run.py", "/ws/run.py", "/ws/crate/src/main.rs", "/other/lib/x.py"]);
  expect(await locate(files, { file: "run.py", language: "python", workingDirectory: "/ws/tools" })).toBe(
    "/ws/tools/run.py:7 (working directory)",
  );
  expect(await locate(files, { file: "src/main.rs", language: "rust", module: "/ws/crate/target/debug/app", workingDirectory: "/" })).toBe(
    "/ws/crate/src/main.rs:7 (working directory)",
  );
  expect(await locate(files, { file: "lib/x.py", workingDirectory: "/tmp" }, { folders: ["/ws", "/other"] })).toBe(
    "/other/lib/x.py:7 (working directory)",
  );
});

test("names that are not files are nowhere", async () => {
  const files = new FilesInMemory(["/ws/_bootstrap.py", "/ws/fs"]);
  for (const file of ["", "<frozen importlib._bootstrap>", "<string>", "node:fs", "[eval]", "jrt:/java.base"]) {
    expect(await locate(files, { file, workingDirectory: "/ws" })).toBe("nowhere");
  }
});

test("the user's path mappings come first, the longest prefix before others", async () => {
  const files = new FilesInMemory(["/ws/api/app.py", "/ws/other/app.py", "/srv/api/app.py"]);
  const pathMappings = [
    { from: "/srv", to: "/ws/other/" },
    { from: "/srv/api/", to: "/ws/api" },
  ];
  expect(await locate(files, { file: "/srv/api/app.py" }, { pathMappings })).toBe("/ws/api/app.py:7 (path mapping)");
  expect(await locate(files, { file: "app.py", workingDirectory: "/srv/api" }, { pathMappings })).toBe("/ws/api/app.py:7 (path mapping)");
  expect(await locate(files, { file: "/srvapi/app.py" }, { pathMappings })).toBe("nowhere");
});

test("a link to the workspace, and a workspace opened through a link, give the editor's path", async () => {
  const linked = new FilesInMemory(["/data/shop/app.py"], { "/home/me/shop": "/data/shop", "/mnt/again": "/data/shop" });
  expect(await locate(linked, { file: "/data/shop/app.py" }, { folders: ["/home/me/shop"] })).toBe(
    "/home/me/shop/app.py:7 (recorded path)",
  );
  expect(await locate(linked, { file: "/mnt/again/app.py" }, { folders: ["/data/shop"] })).toBe("/data/shop/app.py:7 (recorded path)");
});

test("in a container the workspace's copy is meant, then the container's own file, never the host's of the same path", async () => {
  const files = new FilesInMemory([
    "/ws/src/shop/cart.py",
    "/app/src/shop/cart.py",
    "/usr/lib/python3.11/json/decoder.py",
    "/ws/main.py",
    "/proc/12/root/usr/lib/python3.11/json/decoder.py",
  ]);
  const inside = { root: "/proc/12/root", language: "python" as const, workingDirectory: "/app" };
  expect(await locate(files, { ...inside, file: "/app/src/shop/cart.py" })).toBe("/ws/src/shop/cart.py:7 (moved folder)");
  expect(await locate(files, { ...inside, file: "src/shop/cart.py" })).toBe("/ws/src/shop/cart.py:7 (working directory)");
  expect(await locate(files, { ...inside, file: "/app/main.py" })).toBe("/ws/main.py:7 (moved folder)");
  expect(await locate(files, { ...inside, file: "/usr/lib/python3.11/json/decoder.py" })).toBe(
    "/proc/12/root/usr/lib/python3.11/json/decoder.py:7 (container root)",
  );
  // A development container mounts the workspace where the host has it.
  expect(await locate(files, { ...inside, file: "/ws/main.py" })).toBe("/ws/main.py:7 (recorded path)");
});

test("a moved build folder: the longest tail that only one file has", async () => {
  const files = new FilesInMemory(["/ws/core/src/grid.c", "/ws/tools/src/grid.c", "/ws/tools/deep/only.c", "/ws/util.c"]);
  expect(await locate(files, { file: "/build/core/src/grid.c", language: "c" })).toBe("/ws/core/src/grid.c:7 (moved folder)");
  expect(await locate(files, { file: "/build/src/grid.c", language: "c" })).toBe("nowhere");
  expect(await locate(files, { file: "/elsewhere/only.c", language: "c" })).toBe("nowhere");
  expect(await locate(files, { file: "/build/util.c", language: "c" })).toBe("/ws/util.c:7 (moved folder)");
});

test("dependencies and standard libraries are never taken for a workspace file that looks alike", async () => {
  const files = new FilesInMemory(["/ws/json/decoder.py", "/ws/src/de.rs"]);
  expect(await locate(files, { file: "/usr/lib/python3.12/json/decoder.py", language: "python" })).toBe("nowhere");
  expect(await locate(files, { file: "/root/.cargo/registry/src/index.example-1/serde-1.0.2/src/de.rs", language: "rust" })).toBe(
    "nowhere",
  );
});

test("several folders: each recorded path finds its own", async () => {
  const files = new FilesInMemory(["/a/api/src/main.ts", "/b/web/src/main.ts"]);
  const folders = ["/a/api", "/b/web"];
  expect(await locate(files, { file: "/build/web/src/main.ts" }, { folders })).toBe("/b/web/src/main.ts:7 (moved folder)");
  expect(await locate(files, { file: "/build/src/main.ts" }, { folders })).toBe("nowhere");
});

test("bare names: in the process's folder, else the only one in the workspace that the process is at home in", async () => {
  const files = new FilesInMemory(["/ws/jobs/run.py", "/ws/jobs/load.py", "/ws/web/load.py"]);
  const python = { language: "python" as const };
  expect(await locate(files, { ...python, file: "load.py", workingDirectory: "/ws/web" })).toBe("/ws/web/load.py:7 (working directory)");
  expect(await locate(files, { ...python, file: "run.py", workingDirectory: "/ws/web" })).toBe("/ws/jobs/run.py:7 (moved folder)");
  expect(await locate(files, { ...python, file: "run.py", workingDirectory: "/home/other" })).toBe("nowhere");
  expect(await locate(files, { ...python, file: "load.py", workingDirectory: "/ws" })).toBe("nowhere");
});

test("Java: the class says which of the files with the name", async () => {
  const files = new FilesInMemory([
    "/ws/app/src/main/java/com/acme/Main.java",
    "/ws/lib/src/main/java/org/other/Main.java",
    "/ws/app/src/main/kotlin/Shop.kt",
    "/ws/one/Tool.java",
    "/ws/two/Tool.java",
  ]);
  const java = { language: "java" as const, file: "Main.java" };
  const main = "/ws/app/src/main/java/com/acme/Main.java:7 (Java class)";
  expect(await locate(files, { ...java, functionName: "void com.acme.Main$Inner.run(int)" })).toBe(main);
  expect(await locate(files, { ...java, functionName: "com.acme.Main.lambda$run$0" })).toBe(main);
  expect(await locate(files, { ...java, functionName: "com.acme.Main$$Lambda/0x00007f1.apply" })).toBe(main);
  expect(await locate(files, { ...java, functionName: "com.missing.Main.run" })).toBe("nowhere");
  expect(await locate(files, { ...java, file: "Shop.kt", functionName: "com.acme.Shop.open" })).toBe(
    "/ws/app/src/main/kotlin/Shop.kt:7 (Java class)",
  );
  const tool = { ...java, file: "Tool.java", functionName: "Tool.main" };
  expect(await locate(files, tool)).toBe("nowhere");
  expect(await locate(files, { ...tool, workingDirectory: "/ws/two" })).toBe("/ws/two/Tool.java:7 (Java class)");
});

test("Go built with -trimpath: own module, nested module, vendored, module cache, standard library", async () => {
  const files = new FilesInMemory({
    "/ws/go.mod": "// shop\nmodule example.com/acme/shop\n\ngo 1.22\n",
    "/ws/store/store.go": "",
    "/ws/tools/go.mod": 'module "example.com/acme/shop/tools"\n',
    "/ws/tools/gen/gen.go": "",
    "/ws/vendor/example.org/v/v.go": "",
    "/home/me/go/pkg/mod/github.com/!burnt!sushi/toml@v1.2.0/decode.go": "",
    "/usr/local/go/src/fmt/print.go": "",
  });
  const toolchains = { goModuleCache: "/home/me/go/pkg/mod", goRoot: "/usr/local/go" };
  const at = (file: string) => locate(files, { file, language: "go" }, { toolchains });
  expect(await at("example.com/acme/shop/store/store.go")).toBe("/ws/store/store.go:7 (Go module)");
  expect(await at("example.com/acme/shop/tools/gen/gen.go")).toBe("/ws/tools/gen/gen.go:7 (Go module)");
  expect(await at("example.org/v@v1.0.0/v.go")).toBe("/ws/vendor/example.org/v/v.go:7 (Go module cache)");
  expect(await at("github.com/BurntSushi/toml@v1.2.0/decode.go")).toBe(
    "/home/me/go/pkg/mod/github.com/!burnt!sushi/toml@v1.2.0/decode.go:7 (Go module cache)",
  );
  expect(await at("fmt/print.go")).toBe("/usr/local/go/src/fmt/print.go:7 (Go standard library)");
  expect(await at("example.com/acme/other/store/store.go")).toBe("nowhere");
});

test("Rust: the toolchain's library and crates of another machine's registry", async () => {
  const files = new FilesInMemory([
    "/rust/lib/rustlib/src/rust/library/core/src/iter.rs",
    "/home/me/.cargo/registry/src/index.example-abc/serde-1.0.2/src/de.rs",
  ]);
  const toolchains = { rustSource: "/rust/lib/rustlib/src/rust", cargoHome: "/home/me/.cargo" };
  const at = (file: string) => locate(files, { file, language: "rust" }, { toolchains });
  expect(await at("/rustc/59807616e0fbe8a0ab9e48bc6cd8fbb7/library/core/src/iter.rs")).toBe(
    "/rust/lib/rustlib/src/rust/library/core/src/iter.rs:7 (Rust library)",
  );
  expect(await at("/build/.cargo/registry/src/index.example-xyz/serde-1.0.2/src/de.rs")).toBe(
    "/home/me/.cargo/registry/src/index.example-abc/serde-1.0.2/src/de.rs:7 (Rust library)",
  );
});

test("file URLs as Node records modules", async () => {
  const files = new FilesInMemory(["/ws/my app.mjs"]);
  expect(await locate(files, { file: "file:///ws/my%20app.mjs?v=2", language: "javascript" })).toBe("/ws/my app.mjs:7 (recorded path)");
  expect(await locate(files, { file: "file:///ws/100%.mjs", language: "javascript" })).toBe("nowhere");
});

test("asked again, nothing is read again until told to forget", async () => {
  const files = new FilesInMemory(["/ws/core/src/grid.c"]);
  const locator = new Locator({ files, folders: ["/ws"], pathMappings: [] });
  const at = (line: number) => locator.locate({ ...nothing, file: "/build/core/src/grid.c", line });
  expect((await at(1))?.line).toBe(1);
  const { stats } = files;
  expect((await at(1))?.line).toBe(1);
  expect((await at(2))?.path).toBe("/ws/core/src/grid.c");
  expect(files.stats).toBe(stats);
  locator.forget();
  await at(1);
  expect(files.stats).toBeGreaterThan(stats);
});
