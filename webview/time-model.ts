import type { RecordingSummary, Selection, TimeRange } from "../protocol/queries.js";
import type { TimeMap } from "../protocol/time-map.js";
import type { FromWebview } from "../protocol/webview.js";
import { decodeTimeMap, type Span, type TimeChart } from "./time-chart.js";
import { type Clock, TreeRequests } from "./tree-requests.js";

/** Far beyond the numbers of trees. */
const FIRST_REQUEST = 1e9;

interface TimeQuery {
  readonly selection: Selection;
  readonly window: TimeRange;
}

/** What the time heat map shows and why, without a pixel: the answer, the part of the time that is drawn, and the two ranges. */
export class TimeModel {
  /** Undefined until the first answer; null where the recording has no times. */
  chart: TimeChart | null | undefined;
  /** The part of the time that is drawn; all of it where empty. */
  window: TimeRange;
  /** What all views show; undefined where that is everything. */
  range: Span | undefined;
  /** What it is compared with, where that is a part of the same recording. */
  baseline: Span | undefined;
  onChange: () => void = () => undefined;

  readonly #post: (message: FromWebview) => void;
  readonly #requests: TreeRequests<TimeQuery>;
  #id: string | undefined;
  #asked = "";
  #selection: Selection = { event: "cpu" };

  constructor(post: (message: FromWebview) => void, clock: Clock, window: TimeRange) {
    this.window = window;
    this.#post = post;
    this.#requests = new TreeRequests((request, query) => post({ type: "getTimeMap", request, ...query }), clock, FIRST_REQUEST);
  }

  /** The recording or what is chosen of it changed; `grown`: it has more samples than before. */
  follow(summary: RecordingSummary | null, selection: Selection, grown: boolean): void {
    const other = summary?.id !== this.#id;
    if (other) {
      // What was kept over a reload is of the recording that comes first.
      if (this.#id !== undefined) this.window = {};
      this.chart = undefined;
      this.#asked = "";
    }
    this.#id = summary?.id ?? this.#id;
    const { fromNs, toNs, ...rest } = selection;
    this.#selection = rest;
    const durationNs = summary?.durationNs ?? 0;
    this.range = spanOf({ ...(fromNs === undefined ? {} : { fromNs }), ...(toNs === undefined ? {} : { toNs }) }, durationNs);
    const { baseline } = summary ?? {};
    this.baseline = baseline !== undefined && baseline.id === summary?.id ? spanOf(baseline, durationNs) : undefined;
    if (!summary) {
      this.chart = null;
    } else if (JSON.stringify([this.#query(), summary.live]) !== this.#asked) {
      this.#ask(summary.live);
    } else if (grown) {
      this.#requests.refresh(this.#query());
    }
    this.onChange();
  }

  /** Shows no more of a recording that grows, until it is followed again. */
  hold(): void {
    this.#requests.hold();
  }

  /** True where the answer was to the newest question. */
  receive(request: number, map: TimeMap | null): void {
    if (!this.#requests.answered(request)) return;
    try {
      this.chart = map && decodeTimeMap(map);
    } catch {
      this.chart = null;
    }
    this.onChange();
  }

  failed(request: number): void {
    this.#requests.answered(request);
  }

  /** Draws a part of the time, or with nothing all of it. */
  zoom(window: TimeRange): void {
    this.window = window;
    this.#ask(false);
  }

  /** Range of a comparison: what all views show is compared with it. */
  compareWith(range: Span): void {
    this.#post({ type: "compareRange", range });
  }

  #ask(live: boolean): void {
    this.#asked = JSON.stringify([this.#query(), live]);
    this.#requests.ask(this.#query());
  }

  #query(): TimeQuery {
    return { selection: this.#selection, window: this.window };
  }
}

function spanOf({ fromNs, toNs }: TimeRange, durationNs: number): Span | undefined {
  if (fromNs === undefined && toNs === undefined) return undefined;
  return { fromNs: fromNs ?? 0, toNs: Math.max(toNs ?? durationNs, (fromNs ?? 0) + 1) };
}
