/** Folders that package managers fill; anywhere in a path they mean a dependency. */
const dependencyFolders =
  /(^|\/)(site-packages|dist-packages|node_modules|bower_components|jspm_packages|\.pnpm|\.yarn|vendor\/(bundle|cache)|\.cargo\/(registry|git)|cargo\/registry|go\/pkg\/mod|pkg\/mod\/[^/]+|\.m2\/repository|\.gradle\/caches|\.nuget\/packages|\.venv|\.virtualenvs|\.tox|\.nox|\.eggs|gems\/[^/]+-\d[^/]*)\//;

/** `module@v1.2.3/` in a path is a Go module of the cache, also without its folder (`-trimpath`); a pseudo-version counts too. */
const goModuleVersion = /(^|\/)[\w.~-]+@v\d+\.\d+\.\d+[^/]*\//;

/** Inside a workspace these top folders hold others' code: vendored sources  (virtual environments are told by their `lib/python3.x`). */
const vendoredFolders = /\/(vendor|vendored|third_party|third-party|thirdparty|3rdparty|_vendor)\//;

/** JARs and Rust's registry sources when only the compile-time path is known: `/usr/local/cargo/registry/src/index…/serde-1.0.2/src/de.rs`. */
const rustRegistry = /\/registry\/src\/[^/]+\/[^/]+-\d+\.\d+[^/]*\//;

/** What build scripts of dependencies write (`target/debug/build/ring-0a1b/out/bindings.rs`); programs in `target` are the workspace's own. */
const cargoGenerated = /\/target\/([^/]+\/)?(debug|release)\/build\/[^/]+\/out\//;

/** Whether a file outside of every workspace folder is a dependency. */
export function isLibraryPath(path: string): boolean {
  return dependencyFolders.test(path) || goModuleVersion.test(path) || rustRegistry.test(path);
}

/** Whether a path below a workspace folder (beginning with "/") is vendored or installed rather than written there. */
export function isLibraryPathInWorkspace(relative: string): boolean {
  return (
    isLibraryPath(relative) ||
    vendoredFolders.test(relative) ||
    cargoGenerated.test(relative) ||
    /\/lib(64)?\/python\d\.\d+\//.test(relative)
  );
}
