import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import type { Node } from "@vscode/tree-sitter-wasm";
import type { ServerInitialization, ServerSettings } from "../protocol/language-server.js";
import type { Files } from "../source/files.js";
import { Locator } from "../source/locator.js";
import { createOutliner, type Outline, type Outliner } from "../source/outline.js";
import type { OwnerSettings } from "../source/owner.js";
import { nodeFiles } from "./node-files.js";
import { findToolchains } from "./toolchains.js";

const DEFAULT_SETTINGS: ServerSettings = {
  lenses: "above",
  minimumShare: 0.005,
  justMyCode: true,
  include: [],
  exclude: [],
  pathMappings: [],
  fixes: { enabled: true, minimumShare: 0.01 },
};

/** What the server knows beside recordings: folders, settings, files and grammars. */
export class Workspace {
  readonly files: Files = nodeFiles;
  readonly storage: string;
  /** File of the prover's Python part. */
  readonly harness: string;
  readonly #toolchains = findToolchains(process.env);
  readonly #grammars: string;
  readonly #log: (message: string) => void;
  #folders: readonly string[];
  #realFolders: readonly string[] = [];
  #settings: ServerSettings;
  #outliner: Promise<Outliner | undefined> | undefined;
  /** Grows when paths may be found elsewhere or belong to someone else than before. */
  generation = 0;

  constructor(initialization: Partial<ServerInitialization>, log: (message: string) => void) {
    this.storage = initialization.storage ?? "";
    this.harness = initialization.harness ?? "";
    this.#grammars = initialization.grammars ?? "";
    this.#folders = initialization.folders ?? [];
    this.#settings = { ...DEFAULT_SETTINGS, ...initialization.settings };
    this.#log = log;
  }

  get settings(): ServerSettings {
    return this.#settings;
  }

  get folders(): readonly string[] {
    return this.#folders;
  }

  /** Resolves the folders' symbolic links; to be awaited once before the first question. */
  async start(): Promise<void> {
    this.#realFolders = await Promise.all(this.#folders.map(async (folder) => realpath(folder).catch(() => folder)));
  }

  set settings(settings: ServerSettings) {
    this.#settings = { ...DEFAULT_SETTINGS, ...settings };
    this.generation += 1;
  }

  async setFolders(folders: readonly string[]): Promise<void> {
    this.#folders = folders;
    await this.start();
    this.generation += 1;
  }

  locator(): Locator {
    return new Locator({
      files: this.files,
      folders: this.#folders,
      pathMappings: this.#settings.pathMappings,
      toolchains: this.#toolchains,
    });
  }

  /** Folders both as opened and with links resolved: a file is the user's under either. */
  get ownerSettings(): OwnerSettings {
    const { include, exclude, justMyCode } = this.#settings;
    return { folders: [...new Set([...this.#folders, ...this.#realFolders])], include, exclude, justMyCode };
  }

  /** The functions of a text, or undefined where there is no grammar. */
  async outline(path: string, text: string): Promise<Outline | undefined> {
    const outliner = await this.#startOutliner();
    try {
      return await outliner?.outline(path, text);
    } catch (error) {
      this.#log(`${path} has no outline: ${String(error)}`);
      return undefined;
    }
  }

  /** What `read` makes of a text's syntax tree, or undefined where there is no grammar or the text doesn't parse. */
  async syntax<T>(path: string, text: string, read: (root: Node) => T): Promise<T | undefined> {
    return (await this.#startOutliner())?.syntax(path, text, read);
  }

  #startOutliner(): Promise<Outliner | undefined> {
    this.#outliner ??= createOutliner({ readGrammar: async (file) => readFile(join(this.#grammars, file)) }).catch((error: unknown) => {
      this.#log(`tree-sitter did not start, so lenses stand at recorded lines: ${String(error)}`);
      return undefined;
    });
    return this.#outliner;
  }
}
