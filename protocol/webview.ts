/** The wire between `extension/` and the flame graph's webview. The webview asks for domain actions, never for a command id. */
import type { Finding } from "./findings.js";
import type { CallersAndCallees, RecordingSummary, Selection, TimeRange, TreeColumns, TreeDirection } from "./queries.js";
import type { TableColumns, TableKind } from "./tables.js";
import type { TimeMap } from "./time-map.js";

/** What the user was looking at; kept with `setState` and restored after a reload. */
export interface GraphView {
  readonly direction: TreeDirection;
  readonly selection: Selection;
  readonly search: string;
  readonly colorBy: "owner" | "language" | "waits";
  readonly shape: GraphShape;
}

/** Which boxes are taken into others. */
export interface GraphShape {
  /** Taken into their callers: the kernel's boxes; those of runtimes, too; those of libraries, too. */
  readonly fold: "nothing" | "kernel" | "runtime" | "libraries";
  /** Recursive calls are one box. */
  readonly recursion: boolean;
  /** Functions that are taken into their callers, each as its name, file and module on lines. */
  readonly hidden: readonly string[];
}

export type PictureFormat = "png" | "svg";

export type ToWebview =
  /** A new or changed recording; the webview asks for the tree that it needs. */
  | { readonly type: "recording"; readonly summary: RecordingSummary | null; readonly selection: Selection }
  | { readonly type: "tree"; readonly request: number; readonly direction: TreeDirection; readonly tree: TreeColumns | null }
  | { readonly type: "timeMap"; readonly request: number; readonly map: TimeMap | null }
  | { readonly type: "callers"; readonly request: number; readonly answer: CallersAndCallees | null }
  | { readonly type: "findings"; readonly request: number; readonly findings: readonly Finding[] }
  | { readonly type: "table"; readonly request: number; readonly table: TableColumns | null }
  /** Zoom to a function, as a lens or a tree item asks. */
  | { readonly type: "reveal"; readonly function: number }
  /** Send a picture of what is seen. */
  | { readonly type: "draw"; readonly format: PictureFormat }
  /** `request` is 0 when the message answers no numbered request. */
  | { readonly type: "failed"; readonly request: number; readonly message: string };

export type FromWebview =
  | { readonly type: "ready" }
  | {
      readonly type: "getTree";
      readonly request: number;
      readonly direction: TreeDirection;
      readonly selection: Selection;
      /** Share of the total, 0 to 1, under which nodes are left out. */
      readonly minimumShare: number;
    }
  /** The selection by time, its own range apart, in a part of the recording's time. */
  | { readonly type: "getTimeMap"; readonly request: number; readonly selection: Selection; readonly window: TimeRange }
  | { readonly type: "getCallers"; readonly request: number; readonly function: number; readonly selection: Selection }
  | { readonly type: "getFindings"; readonly request: number; readonly selection: Selection }
  /** Show what each line of a function costs. */
  | { readonly type: "annotate"; readonly function: number }
  /** Show the place of a finding that was told last. */
  | { readonly type: "openFinding"; readonly id: string }
  | { readonly type: "getTable"; readonly request: number; readonly kind: TableKind; readonly selection: Selection }
  /** Show where a row of a table is; `id` is the table's. */
  | {
      readonly type: "openRow";
      readonly kind: TableKind;
      readonly id: number;
      readonly selection: Selection;
      readonly preserveFocus: boolean;
    }
  /** With `preserveFocus` the graph keeps the keyboard. */
  | { readonly type: "openSource"; readonly function: number; readonly selection: Selection; readonly preserveFocus: boolean }
  /** The user chose another event, process or thread: lenses and heat follow. */
  | { readonly type: "select"; readonly selection: Selection }
  /** Compare what is shown with a part of the same recording. */
  | { readonly type: "compareRange"; readonly range: Required<TimeRange> }
  /** Show the recording alone again. */
  | { readonly type: "stopComparing" }
  | { readonly type: "copy"; readonly text: string }
  /** A PNG as base64, or the text of an SVG; "" where nothing is drawn. */
  | { readonly type: "picture"; readonly format: PictureFormat; readonly data: string };

/** What an exported page holds in the extension's stead: it can be asked nothing else. */
export interface StandalonePage {
  readonly summary: RecordingSummary;
  readonly selection: Selection;
  /** By `pageKey`; null where there is nothing to draw. */
  readonly trees: Readonly<Record<string, TreeColumns | null>>;
}
