import { isLibraryPath } from "../owner/library-paths.js";
import { isRuntimePath } from "../owner/runtime-places.js";
import { inContainer } from "./recorded-path.js";
import type { PathRule } from "./place.js";

/**
 * A file that was compiled or run under another folder (`/build/src/x.c`, `/app/main.py`): the workspace file that shares the longest
 * tail of its path, when there is just one. Dependencies and standard libraries are left out, for their names often repeat.
 */
export const movedFolder: PathRule = {
  name: "moved folder",
  async find({ file, language, root, workingDirectory }, world) {
    if (language === "java" || language === "go" || isLibraryPath(file) || isRuntimePath(file, language)) {
      // Java and Go have rules that know more; a guess could only be worse. A Go file by its absolute path is not a guess.
      return language === "go" && file.startsWith("/") && !isLibraryPath(file) && !isRuntimePath(file, language)
        ? world.index.longestSuffix(file)
        : undefined;
    }
    if (!file.includes("/")) {
      return (await isOfWorkspace(root, workingDirectory, world.folders)) ? world.index.longestSuffix(file, 1) : undefined;
    }
    return world.index.longestSuffix(file);
  },
};

/** A bare name says little, so the process itself must be at home in the workspace, or in a container that may be. */
function isOfWorkspace(root: string, workingDirectory: string, folders: readonly string[]): Promise<boolean> {
  const near = folders.some((folder) => `${workingDirectory}/`.startsWith(`${folder}/`));
  return Promise.resolve(near || inContainer(root) || workingDirectory === "");
}
