/**
 * The wire between `extension/` and the language server, beside standard LSP. One map for requests and one for
 * notifications each way; parameters, results and handlers are derived from them, so a new request does not
 * compile until both ends answer.
 */
import type { EventName } from "./events.js";
import type { Finding } from "./findings.js";
import type { MadeFix, ProofRecord } from "./fixes.js";
import type {
  AnnotatedFunction,
  BaselineSummary,
  CallersAndCallees,
  DocumentHeat,
  FunctionRow,
  LineRow,
  RecordingSummary,
  Selection,
  SourceLocation,
  TableScope,
  TimeRange,
  TreeColumns,
  TreeDirection,
  WaitRow,
} from "./queries.js";
import type { TableColumns, TableKind } from "./tables.js";
import type { TestAt } from "./tests.js";
import type { TimeMap } from "./time-map.js";

/** Settings that the server needs; sent at start and on each change. */
export interface ServerSettings {
  readonly lenses: "above" | "endOfLine" | "off";
  /** Smallest total share of a function with a lens: 0 to 1. */
  readonly minimumShare: number;
  readonly justMyCode: boolean;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Folder prefix pairs from the recorded to the local path, for containers and build machines. */
  readonly pathMappings: readonly { readonly from: string; readonly to: string }[];
  readonly fixes: {
    readonly enabled: boolean;
    /** Smallest part of the event that a fix must save to be proposed: 0 to 1. */
    readonly minimumShare: number;
  };
}

export interface ServerInitialization {
  readonly settings: ServerSettings;
  /** Absolute paths of the workspace folders. */
  readonly folders: readonly string[];
  /** Folder that holds `recordings/`. */
  readonly storage: string;
  /** Folder that holds the tree-sitter runtime and grammars. */
  readonly grammars: string;
  /** File of the prover's Python part. */
  readonly harness: string;
}

/** The current recording and what every view shows of it. */
export interface ShownRecording extends RecordingSummary {
  readonly selection: Selection;
}

export type ExportFormat = "pprof" | "collapsed" | "speedscope" | "cpuprofile" | "html";

/** A change of a document; positions are 0-based, characters in UTF-16. */
export interface DocumentEdit {
  readonly range: {
    readonly start: { readonly line: number; readonly character: number };
    readonly end: { readonly line: number; readonly character: number };
  };
  readonly newText: string;
}

/** Requests from the extension to the server. */
export interface ServerRequests {
  /** A live recording begins; its batches follow by `flameline/batch`. Becomes the current recording. */
  "flameline/begin": { params: { id: string; name: string; folder: string; started: string }; result: null };
  /** The live recording has ended: the server writes `run.pb.gz` and `sources`. */
  "flameline/finish": { params: { id: string }; result: RecordingSummary };
  /** Opens a profile file or a kept recording's folder and makes it current. */
  "flameline/open": { params: { path: string }; result: RecordingSummary };
  /** Makes the last minutes of a ring the current recording, and writes it into `folder`; not where it has no sample. */
  "flameline/openRing": {
    params: { ring: string; minutes: number; id: string; name: string; folder: string };
    result: RecordingSummary;
  };
  /** Forgets the current recording: no heat, no lenses. */
  "flameline/clear": { params: Record<string, never>; result: null };
  "flameline/summary": { params: Record<string, never>; result: ShownRecording | null };
  /** What every view shows; lenses and heat follow. */
  "flameline/select": { params: { selection: Selection }; result: null };
  /** Compares everything that is shown with a profile file, a kept recording's folder, or a part of one; null ends it. */
  "flameline/compare": { params: { path: string | null } & TimeRange; result: BaselineSummary | null };
  "flameline/documentHeat": { params: { uri: string }; result: DocumentHeat | null };
  /** The hottest, by self cost. With `mineOnly` and just-my-code, self has the library, runtime and kernel code that is called. */
  "flameline/functions": {
    params: { limit: number; mineOnly: boolean; selection?: Selection };
    result: TableScope & { rows: FunctionRow[] };
  };
  "flameline/lines": {
    params: { limit: number; mineOnly: boolean; selection?: Selection };
    result: TableScope & { rows: LineRow[] };
  };
  /** All rows of a table; null where the selection has no samples. */
  "flameline/table": { params: { kind: TableKind; selection: Selection }; result: TableColumns | null };
  /** The lines of a function of the recording, or of the function at a line (0-based) of a document; null where its source is not here. */
  "flameline/annotate": { params: { function: number } | { uri: string; line: number }; result: AnnotatedFunction | null };
  /** What the analyses find in a selection, by falling share. */
  "flameline/findings": { params: { selection: Selection }; result: readonly Finding[] };
  /** Where a row of a table is on this machine. */
  "flameline/locateRow": { params: { kind: TableKind; id: number; selection: Selection }; result: SourceLocation | null };
  /** What is waited for, the longest first; no rows unless the event is `off_cpu`. */
  "flameline/waits": { params: { selection?: Selection }; result: TableScope & { rows: WaitRow[] } };
  "flameline/tree": {
    params: { direction: TreeDirection; selection: Selection /** Share under which nodes are left out. */; minimumShare: number };
    result: TreeColumns | null;
  };
  /** The selection by time, its own range apart, in a part of the recording's time; null where that has no times. */
  "flameline/timeMap": { params: { selection: Selection; window: TimeRange }; result: TimeMap | null };
  "flameline/callers": { params: { function: number; selection: Selection }; result: CallersAndCallees | null };
  /** Where a function's definition or hottest line is, on this machine. */
  "flameline/locate": { params: { function: number; selection: Selection }; result: SourceLocation | null };
  /** Writes the recording to `path` in a format; `assets` is the folder with the flame graph's script and style, which `html` needs. */
  "flameline/export": {
    params: { path: string; format: ExportFormat; selection: Selection; assets?: string };
    result: { bytes: number };
  };
  /** Runs the user's code to prove one of the document's fixes; cancellable, and told about by `flameline/proving`. */
  "flameline/prove": { params: { uri: string; fix: string; seconds: number }; result: ProofRecord };
  /**
   * The same for a change that no rule has made, of the function `subject` by its key: each old text is in the document once. Told about under the fix
   * that begins with "proposed-change". `edits` make it; one that is proved and made is told of as `fix` by `flameline/fixApplied`.
   */
  "flameline/proveChange": {
    params: { uri: string; subject: string; changes: readonly { old: string; new: string }[]; title: string; seconds: number };
    result: { proof: ProofRecord; fix: string; edits: readonly DocumentEdit[] };
  };
  /** The function around a line (0-based) that has samples, by its key, with its text, its share of the event, and how many fixes it has; null without. */
  "flameline/functionAt": {
    params: { uri: string; line: number };
    result: { subject: string; text: string; share: number; event: EventName; fixes: number } | null;
  };
  /** What a line (0-based) costs and who calls it, as Markdown, and what its fixes would do; null where nothing was recorded of it. */
  "flameline/explainLine": { params: { uri: string; line: number }; result: { cost: string; fixes: readonly string[] } | null };
  /** Fixes that the light bulb offered were made in their document, all at once: what they gain is told from then on. */
  "flameline/fixApplied": { params: { uri: string; fixes: readonly string[] }; result: null };
  /** Edits that take out the fix at a line (0-based), or the only one of the document; null where there is none. */
  "flameline/rollBack": { params: { uri: string; line: number }; result: { title: string; edits: readonly DocumentEdit[] } | null };
  /** The proved fixes that were made and are still there, in the order of making; and how many others there are. */
  "flameline/madeFixes": { params: Record<string, never>; result: { fixes: readonly MadeFix[]; unproved: number } };
  /** The test around a line (0-based) of a document; null where there is none. */
  "flameline/testAt": { params: { uri: string; line: number }; result: TestAt | null };
  /** What the server knows for the doctor's report: symbols and source maps of the current recording. */
  "flameline/diagnose": { params: Record<string, never>; result: { findings: { ok: boolean; text: string; mend?: string }[] } };
}

/** Notifications from the extension to the server. */
export interface ServerNotifications {
  /** One helper message, undecoded. */
  "flameline/batch": { id: string; text: string };
  "flameline/settings": ServerSettings;
}

/** Notifications from the server to the extension, at most 4 a second. */
export interface ClientNotifications {
  "flameline/changed": {
    readonly recording: string | null;
    /** What every view shows. */
    readonly selection: Selection;
    /** Events that have samples, in the order of the protocol. */
    readonly events: readonly EventName[];
    /** See `TreeColumns.leftOut`. */
    readonly leftOut: number;
    readonly samples: number;
    readonly hottest: FunctionRow | null;
    /** hottest's share of the selection, 0 to 1. */
    readonly hottestShare: number;
    /** The range of the selection in words, "12.3 s to 14.1 s"; "" where it has none. */
    readonly range?: string;
    /** Name of what everything is compared with; null where it isn't. */
    readonly baseline: string | null;
    /**
     * What the largest processes hold, in bytes: `resident` in equal parts of the recording's time, each part's most, `last` now and `most` ever.
     * Absent where there is no recording.
     */
    readonly memory?: readonly {
      readonly pid: number;
      readonly name: string;
      readonly resident: readonly number[];
      readonly last: number;
      readonly most: number;
    }[];
    /** The same as "flameline/compare" takes it. */
    readonly compared?: { readonly path: string } & TimeRange;
  };
  /** How far a proof is: 0 to 1. */
  "flameline/proving": { readonly fix: string; readonly phrase: string; readonly part: number };
}

export type ServerMethod = keyof ServerRequests;
export type ParamsOf<M extends ServerMethod> = ServerRequests[M]["params"];
export type ResultOf<M extends ServerMethod> = ServerRequests[M]["result"];
