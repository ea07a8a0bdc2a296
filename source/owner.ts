import type { FrameLanguage } from "../protocol/events.js";
import type { CodeOwner } from "../protocol/queries.js";
import { matchesGlob } from "./glob.js";
import { recordedCell } from "./notebook-cells.js";
import { isLibraryPath, isLibraryPathInWorkspace } from "./owner/library-paths.js";
import { isRuntimeFunction, isRuntimeModule, isRuntimePath } from "./owner/runtime-places.js";
import { isInside } from "./paths.js";

/** A function as recorded, and where it was found on this machine. */
export interface OwnedPlace {
  /** Absolute path on this machine; undefined when it wasn't found. */
  readonly path: string | undefined;
  /** The file as recorded; "" when unknown. */
  readonly recordedFile: string;
  readonly functionName: string;
  readonly language: FrameLanguage;
  /** Absolute path of the executable or library; "" for interpreted frames. */
  readonly module: string;
  /** A package installer lists the file as its own, wherever it lies. */
  readonly isInstalled?: boolean;
}

export interface OwnerSettings {
  /** Absolute paths of the workspace folders. */
  readonly folders: readonly string[];
  /** Globs of paths that are the user's whatever else says, for example `/opt/shared/**`; they win over `exclude`. */
  readonly include: readonly string[];
  /** Globs of paths in the workspace that are not the user's. */
  readonly exclude: readonly string[];
  /** Off: every function of a workspace or library file counts as the user's. */
  readonly justMyCode: boolean;
}

/**
 * Whose code a function is. Mine: a file in the workspace, outside of dependency and virtualenv folders and not
 * put there by pip. Library: dependencies. Runtime:
 * the language's own library and interpreter, and libc. Kernel: by the frame's language. Unknown: nothing tells.
 */
export function codeOwner(place: OwnedPlace, settings: OwnerSettings): CodeOwner {
  const owner = ownerOf(place, settings);
  return owner === "library" && !settings.justMyCode && place.path !== undefined ? "mine" : owner;
}

function ownerOf(place: OwnedPlace, { folders, include, exclude }: OwnerSettings): CodeOwner {
  if (place.language === "kernel" || place.module === "[vdso]") {
    return "kernel";
  }
  // A cell of a notebook has no folder: who profiles its kernel has written it.
  if (recordedCell(place.recordedFile) !== undefined) {
    return "mine";
  }
  const path = place.path ?? (place.recordedFile.startsWith("/") ? place.recordedFile : undefined);
  if (path !== undefined) {
    if (include.some((glob) => matchesGlob(path, glob, folders))) {
      return "mine";
    }
    const excluded = exclude.some((glob) => matchesGlob(path, glob, folders));
    const folder = longest(folders.filter((candidate) => isInside(path, candidate)));
    if (folder !== undefined) {
      return excluded || place.isInstalled === true || isLibraryPathInWorkspace(path.slice(folder.length)) ? "library" : "mine";
    }
    if (excluded) {
      return "library";
    }
  }
  const file = path ?? place.recordedFile;
  if (isRuntimePath(file, place.language) || isRuntimeFunction(place) || isRuntimeCode(place.module, folders)) {
    // A crate or package may hold a copy of a path that looks like the runtime's, but not the other way round.
    return isLibraryPath(file) ? "library" : "runtime";
  }
  if (file === "" && place.module !== "") {
    return moduleOwner(place.module, folders);
  }
  // A source that isn't in the workspace is someone else's, as far as this workspace goes.
  const named = isPackaged(place.functionName, place.language);
  const isElsewhere = file.startsWith("/") || (place.module !== "" && moduleOwner(place.module, folders) === "library");
  return isLibraryPath(file) || isElsewhere || named ? "library" : "unknown";
}

/** Whether the name holds a package other than the default or main one: without a source here, someone else's. */
function isPackaged(functionName: string, language: FrameLanguage): boolean {
  switch (language) {
    case "java":
      return /\w\.\w+\.[\w<]/.test(functionName);
    case "go":
      return functionName.includes(".") && !functionName.startsWith("main.");
    default:
      return false;
  }
}

/** Machine code of an interpreter, virtual machine or C library, whatever source path it was built from; a workspace may build its own `node`. */
function isRuntimeCode(module: string, folders: readonly string[]): boolean {
  const isOfWorkspace = folders.some((folder) => isInside(module, folder) && !/\/(bin|lib(64)?)\//.test(module.slice(folder.length)));
  return isRuntimeModule(module) && !isOfWorkspace;
}

/** Machine code without a source file: its executable or library tells. */
function moduleOwner(module: string, folders: readonly string[]): CodeOwner {
  const folder = folders.find((candidate) => isInside(module, candidate));
  if (folder !== undefined) {
    return isLibraryPathInWorkspace(module.slice(folder.length)) ? "library" : "mine";
  }
  return module.startsWith("/") ? "library" : "unknown";
}

/** The innermost of nested folders, so that an opened dependency is the user's own. */
function longest(paths: readonly string[]): string | undefined {
  return paths.reduce<string | undefined>((best, path) => (best !== undefined && best.length >= path.length ? best : path), undefined);
}
