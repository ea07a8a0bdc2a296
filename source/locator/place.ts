import type { FrameLanguage } from "../../protocol/events.js";
import type { Files } from "../files.js";
import type { WorkspaceIndex } from "./workspace-index.js";

/** A position as it was recorded. */
export interface RecordedPosition {
  /** As recorded: an absolute or relative path, a bare name, a URL; "" when unknown. */
  readonly file: string;
  /** 1-based; 0 when unknown. */
  readonly line: number;
  /** 1-based; 0 when unknown. */
  readonly column: number;
  readonly functionName: string;
  readonly language: FrameLanguage;
  /** Absolute path of the executable or library; "" for interpreted frames. */
  readonly module: string;
  /** Absolute path of the process's root folder as the helper sees it; "/" outside containers, "" when unknown. */
  readonly root: string;
  /** Of the process, absolute; "" when unknown. */
  readonly workingDirectory: string;
}

/** Which rule found a file, for the doctor's report and for tests. */
type Rule =
  | "recorded path"
  | "path mapping"
  | "working directory"
  | "container root"
  | "moved folder"
  | "notebook cell"
  | "Java class"
  | "Go module"
  | "Go module cache"
  | "Go standard library"
  | "Rust library"
  | "source map";

/** A position in a file that exists on this machine. */
export interface Located {
  /** Absolute; below a workspace folder in that folder's own spelling, whatever links lead there. */
  readonly path: string;
  /** 1-based; 0 when the recorded line is unknown. */
  readonly line: number;
  readonly rule: Rule;
}

/** Folders of tools on this machine; what isn't given isn't searched. */
export interface Toolchains {
  /** `go env GOMODCACHE`. */
  readonly goModuleCache?: string;
  /** `go env GOROOT`. */
  readonly goRoot?: string;
  /** `$CARGO_HOME`, by default `~/.cargo`. */
  readonly cargoHome?: string;
  /** `$(rustc --print sysroot)/lib/rustlib/src/rust`. */
  readonly rustSource?: string;
}

/** What the rules may look at. */
export interface World {
  readonly files: Files;
  /** Absolute, normalized. */
  readonly folders: readonly string[];
  readonly pathMappings: readonly { readonly from: string; readonly to: string }[];
  readonly toolchains: Toolchains;
  readonly index: WorkspaceIndex;
  isFile(path: string): Promise<boolean>;
}

/** One rule: the path it finds for a recorded file, or undefined. It looks only at members that `fileKey` has. */
export interface PathRule {
  readonly name: Rule;
  find(position: RecordedPosition, world: World): Promise<string | undefined>;
}

/** The first of the candidates that is a file. */
export async function firstFile(world: World, candidates: Iterable<string>): Promise<string | undefined> {
  for (const candidate of candidates) {
    if (await world.isFile(candidate)) {
      return candidate;
    }
  }
  return undefined;
}
