import { isInside } from "../paths.js";
import type { PathRule } from "./place.js";

/**
 * The JVM records a bare file name and the class: `Main.java` and `com.acme.Main$Inner.run` mean a file that ends in
 * `com/acme/Main.java`, under whatever source root. Kotlin may leave out the packages' common start, so its path is asked for last.
 */
export const javaClass: PathRule = {
  name: "Java class",
  async find({ file, functionName, language, workingDirectory }, world) {
    if (language !== "java" || file.includes("/")) {
      return undefined;
    }
    const packageName = packageOf(functionName);
    const suffix = `/${[...packageName, file].join("/")}`;
    const named = await world.index.named(file);
    const candidates = named.filter((path) => path.endsWith(suffix));
    if (packageName.length === 0) {
      // In the default package the name is all there is: the folder it is in must not be a package itself, which can't be told.
      return only(candidates, workingDirectory);
    }
    return only(candidates, workingDirectory) ?? (/\.kts?$/.test(file) ? only(named, workingDirectory) : undefined);
  },
};

/** The parts before the class, from `com.acme.Main$Inner.run`, `com.acme.Main.run(int)` or `void com.acme.Main.run(int)`. */
function packageOf(functionName: string): string[] {
  const qualified = functionName
    .replace(/\(.*$/s, "")
    .replace(/^.*\s/s, "")
    // Hidden classes and lambdas' proxies: `com.acme.Main$$Lambda/0x000001.run`.
    .replace(/\/0x[0-9a-f]+/, "")
    .replaceAll("/", ".");
  return qualified.split(".").slice(0, -2);
}

/** The one candidate, or the one in the process's folder: of `app` and `app-copy` the one that runs. */
function only(candidates: readonly string[], workingDirectory: string): string | undefined {
  if (candidates.length <= 1) {
    return candidates[0];
  }
  const near = workingDirectory === "" ? [] : candidates.filter((path) => isInside(path, workingDirectory));
  return near.length === 1 ? near[0] : undefined;
}
