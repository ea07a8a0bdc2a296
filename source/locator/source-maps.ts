import { decodedMappings, FlattenMap, originalPositionFor, sourceContentFor, type TraceMap } from "@jridgewell/trace-mapping";
import { baseName, folderOf, resolve } from "../paths.js";
import { decodeBase64Text } from "./base64.js";
import { plainPath } from "./file-names.js";
import type { World } from "./place.js";

/** Scripts beyond this are not searched for their map, bytes. */
const MAX_SCRIPT_BYTES = 64_000_000;
const MAX_PROBLEMS = 20;

/** A place in an original source; `line` is 1-based. */
interface Original {
  readonly path: string;
  readonly line: number;
}

/** From generated scripts to what they were made from. Reads each script's map once. */
export class SourceMaps {
  readonly #world: World;
  readonly #maps = new Map<string, Promise<TraceMap | undefined>>();
  readonly #sources = new Map<string, Promise<string | undefined>>();
  /** Maps that are named but could not be used, one sentence each. */
  readonly problems: string[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /**
   * The original of a position (1-based; column 0 when unknown: then the line's first mapping counts). Undefined when the script has no
   * map, the position isn't in it, or the original isn't on this machine.
   */
  async original(script: string, line: number, column: number): Promise<Original | undefined> {
    if (!/\.[cm]?jsx?$/.test(script) || line < 1) {
      return undefined;
    }
    let loading = this.#maps.get(script);
    if (!loading) {
      loading = this.#load(script);
      this.#maps.set(script, loading);
    }
    const map = await loading;
    const position = map && (exact(map, line, column) ?? firstOfLine(map, line));
    if (!position) {
      return undefined;
    }
    const path = await this.#source(script, map, position.source);
    return path === undefined ? undefined : { path, line: position.line };
  }

  async #load(script: string): Promise<TraceMap | undefined> {
    const { files } = this.#world;
    if (((await files.stat(script))?.size ?? Number.POSITIVE_INFINITY) > MAX_SCRIPT_BYTES) {
      return undefined;
    }
    const url = mapUrl((await files.readText(script)) ?? "");
    const inline = url?.startsWith("data:") ?? false;
    const mapPath = url === undefined ? `${script}.map` : inline ? script : resolve(folderOf(script), plainPath(url));
    try {
      const text = inline ? dataText(url ?? "") : await files.readText(mapPath);
      if (text === undefined) {
        return url === undefined ? undefined : this.#fail(script, `${mapPath} is missing`);
      }
      // Index maps are flattened; a JSON that guards against scripts (`)]}'`) begins with a line to drop.
      return new FlattenMap(JSON.parse(text.replace(/^\)\]\}'[^\n]*\n/, "")), mapPath);
    } catch (error) {
      return this.#fail(script, `${baseName(mapPath)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #fail(script: string, reason: string): undefined {
    if (this.problems.length < MAX_PROBLEMS) {
      this.problems.push(
        `The source map of ${script} cannot be used (${reason}), so its lines are those of the built file; build it again with source maps.`,
      );
    }
    return undefined;
  }

  /** The original's path on this machine. Bundlers name it by a URL of their own or as it was on the build machine. */
  #source(script: string, map: TraceMap, source: string): Promise<string | undefined> {
    const key = `${script}\n${source}`;
    let finding = this.#sources.get(key);
    if (!finding) {
      finding = this.#findSource(script, map, source);
      this.#sources.set(key, finding);
    }
    return finding;
  }

  async #findSource(script: string, map: TraceMap, source: string): Promise<string | undefined> {
    const path = plainPath(source);
    // `webpack:///src/x.ts` looks absolute but isn't.
    const relative = path.replace(/^\/+/, "");
    const candidates = [...(path.startsWith("/") ? [path] : []), ...ancestors(script).map((folder) => resolve(folder, relative))];
    for (const candidate of candidates) {
      if (await this.#world.isFile(candidate)) {
        return candidate;
      }
    }
    if (path.includes("node_modules/")) {
      return undefined;
    }
    const alike = await this.#world.index.longestSuffix(path);
    return alike ?? this.#withContent(path, sourceContentFor(map, source));
  }

  /** Of several files with the name, the one whose text the map carries. */
  async #withContent(path: string, content: string | null): Promise<string | undefined> {
    if (content === null) {
      return undefined;
    }
    for (const candidate of await this.#world.index.named(baseName(path))) {
      if ((await this.#world.files.readText(candidate)) === content) {
        return candidate;
      }
    }
    return undefined;
  }
}

function exact(map: TraceMap, line: number, column: number): { source: string; line: number } | undefined {
  if (column < 1) {
    return undefined;
  }
  const found = originalPositionFor(map, { line, column: column - 1 });
  return found.source === null ? undefined : { source: found.source, line: found.line };
}

function firstOfLine(map: TraceMap, line: number): { source: string; line: number } | undefined {
  for (const segment of decodedMappings(map)[line - 1] ?? []) {
    const source = segment.length === 1 ? undefined : map.resolvedSources[segment[1]];
    if (segment.length !== 1 && source) {
      return { source, line: segment[2] + 1 };
    }
  }
  return undefined;
}

/** The last `sourceMappingURL` comment; none inside of strings that merely mention it further up matters then. */
function mapUrl(text: string): string | undefined {
  const at = Math.max(text.lastIndexOf("//# sourceMappingURL="), text.lastIndexOf("//@ sourceMappingURL="));
  const url = at < 0 ? undefined : /^.{21}(\S+)\s*/s.exec(text.slice(at))?.[1];
  return url === undefined || /["'`]/.test(url) ? undefined : url;
}

function dataText(url: string): string {
  const comma = url.indexOf(",");
  const body = url.slice(comma + 1);
  return url.slice(0, comma).endsWith(";base64") ? decodeBase64Text(body) : decodeURIComponent(body);
}

/** The folders above a file, the nearest first. */
function ancestors(path: string): string[] {
  const folders: string[] = [];
  for (let folder = folderOf(path); folder !== "" && folder !== "/"; folder = folderOf(folder)) {
    folders.push(folder);
  }
  return folders;
}
