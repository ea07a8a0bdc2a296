import type { TimeRange } from "../protocol/queries.js";
import type { GraphShape, GraphView } from "../protocol/webview.js";
import { NO_SHAPE } from "./shape.js";
import { readSavedTable, type SavedTable } from "./saved-table.js";
import type { Anchor, NodePath } from "./node-path.js";

/** Everything that a reload of the window must bring back. */
export interface SavedView {
  readonly view: GraphView;
  readonly minimumShare: number;
  readonly anchor?: Anchor;
  readonly selected?: NodePath;
  /** CSS pixels. */
  readonly scrollTop: number;
  /** Whether the time heat map is unfolded, and the part of the time that it draws, ns; all of it where empty. */
  readonly timeOpen: boolean;
  readonly table?: SavedTable;
  readonly timeWindow: TimeRange;
}

/** Share of the total under which nodes are left out: a tenth of a pixel on a wide screen. */
const DEFAULT_MINIMUM_SHARE = 0.0001;

export const FIRST_VIEW: SavedView = {
  view: { direction: "top-down", selection: { event: "cpu" }, search: "", colorBy: "owner", shape: NO_SHAPE },
  minimumShare: DEFAULT_MINIMUM_SHARE,
  scrollTop: 0,
  timeOpen: true,
  timeWindow: {},
};

/** Reads what `setState` kept; a state that an older version wrote, or a damaged one, gives the first view. */
export function readSavedView(state: unknown): SavedView {
  if (!isRecord(state) || !isRecord(state["view"])) return FIRST_VIEW;
  const view = state["view"];
  const anchor = state["anchor"];
  const table = readSavedTable(state["table"]);
  return {
    view: {
      direction: view["direction"] === "bottom-up" || view["direction"] === "by-time" ? view["direction"] : "top-down",
      selection: FIRST_VIEW.view.selection, // the extension knows the selection, and all views follow it
      search: typeof view["search"] === "string" ? view["search"] : "",
      colorBy: view["colorBy"] === "language" || view["colorBy"] === "waits" ? view["colorBy"] : "owner",
      shape: readShape(view["shape"]),
    },
    minimumShare: state["minimumShare"] === 0 ? 0 : DEFAULT_MINIMUM_SHARE,
    scrollTop: typeof state["scrollTop"] === "number" && state["scrollTop"] > 0 ? state["scrollTop"] : 0,
    timeOpen: state["timeOpen"] !== false,
    ...(table ? { table } : {}),
    timeWindow: readWindow(state["timeWindow"]),
    ...(isAnchor(anchor) ? { anchor } : {}),
    ...(isPath(state["selected"]) ? { selected: state["selected"] } : {}),
  };
}

function readShape(value: unknown): GraphShape {
  if (!isRecord(value)) return NO_SHAPE;
  const { fold, recursion, hidden } = value;
  return {
    fold: fold === "kernel" || fold === "runtime" || fold === "libraries" ? fold : "nothing",
    recursion: recursion === true,
    hidden: isPath(hidden) ? hidden : [],
  };
}

function readWindow(value: unknown): TimeRange {
  if (!isRecord(value)) return {};
  const { fromNs, toNs } = value;
  return typeof fromNs === "number" && typeof toNs === "number" && fromNs >= 0 && toNs > fromNs ? { fromNs, toNs } : {};
}

function isAnchor(value: unknown): value is Anchor {
  return isRecord(value) && isPath(value["path"]) && Number.isFinite(value["from"]) && Number.isFinite(value["to"]);
}

function isPath(value: unknown): value is NodePath {
  return Array.isArray(value) && value.every((part) => typeof part === "string");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
