import { isLibraryPath } from "../owner/library-paths.js";
import { isRuntimePath } from "../owner/runtime-places.js";
import { isInside, resolve } from "../paths.js";
import type { PathRule } from "./place.js";
import { inContainer } from "./recorded-path.js";

/**
 * A file that was compiled or run under another folder (`/build/src/x.c`, `/app/main.py`): the workspace file that shares the longest
 * tail of its path, when there is just one. Dependencies and standard libraries are left out, for their names often repeat.
 */
export const movedFolder: PathRule = {
  name: "moved folder",
  async find({ file, language, root, workingDirectory }, world) {
    const isAbsolute = file.startsWith("/");
    // Java and trimmed Go paths have rules that know more; a guess after them could only be worse.
    if (language === "java" || (language === "go" && !isAbsolute) || isLibraryPath(file) || isRuntimePath(file, language)) {
      return undefined;
    }
    const path = isAbsolute || workingDirectory === "" ? file : resolve(workingDirectory, file);
    if (file.includes("/")) {
      return world.index.longestSuffix(path);
    }
    // A bare name says little, so its process must be at home in the workspace, or in a container that may be.
    const atHome = inContainer(root) || workingDirectory === "" || world.folders.some((folder) => isInside(workingDirectory, folder));
    return atHome ? world.index.longestSuffix(path, 1) : undefined;
  },
};
