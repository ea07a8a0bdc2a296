/**
 * Where a recorded position is on this machine. First the file is found, by the rules of `locator/` in the order of `RULES`; then its
 * source map is followed, if it has one. The workspace folders' own spelling is kept, so that an editor's path and ours are the same.
 */
import type { Files } from "./files.js";
import { isRecordedName, plainPath } from "./locator/file-names.js";
import { folderSpelling } from "./locator/folder-spelling.js";
import { goModule, goModuleCache, goStandardLibrary } from "./locator/go-modules.js";
import { javaClass } from "./locator/java-class.js";
import { movedFolder } from "./locator/moved-folder.js";
import { notebookCell } from "./locator/notebook-cell.js";
import type { Located, PathRule, RecordedPosition, Toolchains, World } from "./locator/place.js";
import { containerRoot, pathMapping, recordedPath, workingDirectory } from "./locator/recorded-path.js";
import { rustLibrary } from "./locator/rust-library.js";
import { SourceMaps } from "./locator/source-maps.js";
import { WorkspaceIndex } from "./locator/workspace-index.js";
import { normalize } from "./paths.js";

export type { Located, RecordedPosition, Toolchains } from "./locator/place.js";

/** The first rule that finds a file wins: what the user said, what was recorded, what the language knows, what looks alike. */
const RULES: readonly PathRule[] = [
  pathMapping,
  notebookCell,
  recordedPath,
  javaClass,
  goModule,
  goModuleCache,
  goStandardLibrary,
  rustLibrary,
  workingDirectory,
  movedFolder,
  containerRoot,
];

/** Answers kept before all are dropped: a long recording has some ten thousand positions. */
const CACHED_POSITIONS = 200_000;

export interface LocatorOptions {
  readonly files: Files;
  /** Absolute paths of the workspace folders, with forward slashes on every system. */
  readonly folders: readonly string[];
  /** Folder prefix pairs from the recorded to the local path. */
  readonly pathMappings: readonly { readonly from: string; readonly to: string }[];
  readonly toolchains?: Toolchains;
}

/** Finds recorded positions; asked again, it answers from memory until `forget` is called. */
export class Locator {
  readonly #options: LocatorOptions;
  #world: World;
  #sourceMaps: SourceMaps;
  readonly #paths = new Map<string, Promise<{ path: string; rule: Located["rule"] } | undefined>>();
  readonly #positions = new Map<string, Promise<Located | undefined>>();

  constructor(options: LocatorOptions) {
    this.#options = options;
    this.#world = createWorld(options);
    this.#sourceMaps = new SourceMaps(this.#world);
  }

  /** Undefined when no file on this machine is surely meant. The line is the recorded one unless a source map says otherwise. Never rejects for a missing file. */
  locate(position: RecordedPosition): Promise<Located | undefined> {
    const key = `${fileKey(position)}\n${position.line}\n${position.column}`;
    const known = this.#positions.get(key);
    if (known) {
      return known;
    }
    if (this.#positions.size >= CACHED_POSITIONS) {
      this.#positions.clear();
    }
    const located = this.#locate(position);
    this.#positions.set(key, located);
    return located;
  }

  /** What the user should know about the search: an index that stopped early, source maps that could not be read. One sentence each. */
  get notices(): readonly string[] {
    const { notice } = this.#world.index;
    return [...(notice === undefined ? [] : [notice]), ...this.#sourceMaps.problems];
  }

  /** Files were added, removed or built again: everything is looked for anew. */
  forget(): void {
    this.#world = createWorld(this.#options);
    this.#sourceMaps = new SourceMaps(this.#world);
    this.#paths.clear();
    this.#positions.clear();
  }

  async #locate(position: RecordedPosition): Promise<Located | undefined> {
    const key = fileKey(position);
    let finding = this.#paths.get(key);
    if (!finding) {
      finding = this.#find(position);
      this.#paths.set(key, finding);
    }
    const found = await finding;
    if (!found) {
      return undefined;
    }
    const original = await this.#sourceMaps.original(found.path, position.line, position.column);
    return original
      ? { path: await folderSpelling(original.path, this.#world), line: original.line, rule: "source map" }
      : { path: found.path, line: position.line, rule: found.rule };
  }

  async #find(position: RecordedPosition): Promise<{ path: string; rule: Located["rule"] } | undefined> {
    if (!isRecordedName(position.file)) {
      return undefined;
    }
    const plain = { ...position, file: plainPath(position.file) };
    for (const rule of RULES) {
      const path = await rule.find(plain, this.#world);
      if (path !== undefined) {
        return { path: await folderSpelling(path, this.#world), rule: rule.name };
      }
    }
    return undefined;
  }
}

function createWorld({ files, folders, pathMappings, toolchains = {} }: LocatorOptions): World {
  const normalized = folders.map(normalize);
  const known = new Map<string, Promise<boolean>>();
  return {
    files,
    folders: normalized,
    pathMappings,
    toolchains,
    index: new WorkspaceIndex(files, normalized),
    isFile(path) {
      const asked = known.get(path) ?? files.stat(path).then((status) => status?.isFile ?? false);
      known.set(path, asked);
      return asked;
    },
  };
}

/** All that decides which file a position is in. Java needs the class; elsewhere the function's name doesn't matter. */
function fileKey({ file, functionName, language, module, root, workingDirectory: folder }: RecordedPosition): string {
  return [file, language === "java" ? functionName : "", language, module, root, folder].join("\n");
}
