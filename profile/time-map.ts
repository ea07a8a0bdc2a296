import { EVENT_UNITS } from "../protocol/events.js";
import type { Selection, TimeRange } from "../protocol/queries.js";
import type { TimeGrid, TimeMap } from "../protocol/time-map.js";
import { toBase64 } from "./base64.js";
import type { Recording } from "./recording.js";
import { forEachSelectedBlock } from "./selection.js";
import { timeLanes } from "./time-lanes.js";

/** A column that is narrower than three pixels can't be hit. */
const MOST_COLUMNS = 300;
/** More can't be taken in; what has none is counted. */
const MOST_LANES = 24;
/** A shorter time gets finer columns. */
const FEWEST_COLUMNS = 40;
/** Threads times columns that are summed up beside the cells; lanes of more threads take a second look at the samples. */
const MOST_THREAD_CELLS = 2 ** 21;
const MS = 1e6;
const S = 1e9;
const MINUTE = 60 * S;
const HOUR = 60 * MINUTE;

/** Lengths of a column that a person can name, and into how many rows each is cut, so that a row has such a length, too. */
const STEPS: readonly (readonly [columnNs: number, rows: number])[] = [
  [0.01 * MS, 10],
  [0.02 * MS, 10],
  [0.05 * MS, 10],
  [0.1 * MS, 10],
  [0.2 * MS, 10],
  [0.5 * MS, 10],
  [MS, 10],
  [2 * MS, 10],
  [5 * MS, 10],
  [10 * MS, 10],
  [20 * MS, 10],
  [50 * MS, 10],
  [100 * MS, 20],
  [200 * MS, 20],
  [500 * MS, 25],
  [S, 50],
  [2 * S, 40],
  [5 * S, 50],
  [10 * S, 50],
  [15 * S, 30],
  [30 * S, 60],
  [MINUTE, 60],
  [2 * MINUTE, 60],
  [5 * MINUTE, 60],
  [10 * MINUTE, 60],
  [15 * MINUTE, 60],
  [30 * MINUTE, 60],
  [HOUR, 60],
  [2 * HOUR, 60],
  [6 * HOUR, 60],
  [24 * HOUR, 48],
];

/** The grid of a time: in columns of a second where that makes 40 to 300 of them; finer, or coarser, where it doesn't. */
export function timeGrid(fromNs: number, toNs: number): TimeGrid {
  const length = Math.max(1, toNs - fromNs);
  const fits = ([columnNs]: readonly [number, number]): boolean => length / columnNs <= MOST_COLUMNS;
  const second = STEPS.findIndex(([columnNs]) => columnNs === S);
  const coarser = STEPS.slice(second).find(fits);
  const finer = STEPS.slice(0, second + 1).findLast(([columnNs]) => length / columnNs >= FEWEST_COLUMNS);
  const isLong = length / S >= FEWEST_COLUMNS;
  const days = Math.ceil(length / (24 * HOUR) / MOST_COLUMNS);
  const [columnNs, rows] = (isLong ? coarser : (finer ?? STEPS[0])) ?? [24 * HOUR * days, 48];
  const first = Math.floor(Math.max(0, fromNs) / columnNs);
  // What lies at the very end belongs to the last column.
  const last = Math.max(first + 1, Math.ceil(Math.max(0, toNs) / columnNs));
  return { fromNs: first * columnNs, columnNs, rows, columns: last - first };
}

/**
 * A selection by time, its own range apart; `window` is the part of the time that is drawn. A wait counts where it ended, a long one once a
 * second, as everywhere else. Null where the recording has no times, or no sample of the event.
 */
export function timeMap(recording: Recording, selection: Selection, window: TimeRange, mostLanes = MOST_LANES): TimeMap | null {
  const { durationNs } = recording.info;
  if (!(durationNs > 0)) return null;
  const { fromNs: _from, toNs: _to, ...all } = selection;
  const fromNs = Math.min(Math.max(0, window.fromNs ?? 0), durationNs);
  const toNs = Math.min(Math.max(fromNs, window.toNs ?? durationNs), durationNs);
  const grid = timeGrid(fromNs, toNs);
  const cells = grid.columns * grid.rows;
  const cellNs = grid.columnNs / grid.rows;
  const value = new Float64Array(cells);
  const { samples } = recording;
  const [times, values, threads] = [samples.timeNs.view(), samples.value.view(), samples.thread.view()];
  let total = 0;
  let [first, last, rows] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  const end = grid.fromNs + grid.columns * grid.columnNs;
  const perThread = new Float64Array(recording.threads.length);
  const byThread = perThread.length * grid.columns <= MOST_THREAD_CELLS ? new Float64Array(perThread.length * grid.columns) : undefined;
  const { fromNs: gridFrom, columns, columnNs } = grid;
  // A sample at the very end of the recording stands on the edge of the last cell.
  const edge = end >= durationNs ? end : Number.NaN;
  forEachSelectedBlock(recording, all, (block, count) => {
    // What a closure shares is written once a block: each write makes an object.
    let [sum, earliest, latest] = [0, first, last];
    // Neighbours are nearly always in the same column.
    let [column, columnFrom, columnTo] = [0, Number.NaN, Number.NaN];
    for (let i = 0; i < count; i++) {
      const row = block[i] as number;
      const time = times[row] as number;
      const worth = values[row] as number;
      const thread = threads[row] as number;
      sum += worth;
      perThread[thread] = (perThread[thread] as number) + worth;
      if (time < earliest) earliest = time;
      if (time > latest) latest = time;
      const atEdge = time === edge;
      if (!atEdge && !(time >= gridFrom && time < end)) continue;
      const cell = Math.min(cells - 1, ((time - gridFrom) / cellNs) | 0);
      value[cell] = (value[cell] as number) + worth;
      if (byThread === undefined) continue;
      if (!(time >= columnFrom && time < columnTo)) {
        column = atEdge ? columns - 1 : Math.min(columns - 1, ((time - gridFrom) / columnNs) | 0);
        columnFrom = gridFrom + column * columnNs;
        columnTo = columnFrom + columnNs;
      }
      const at = thread * columns + column;
      byThread[at] = (byThread[at] as number) + worth;
    }
    total += sum;
    first = earliest;
    last = latest;
    rows += count;
  });
  if (rows === 0 || (rows > 1 && first === last)) return null;
  const lanes = timeLanes(recording, all, grid, { perThread, byThread }, mostLanes);
  return { ...grid, event: selection.event, unit: EVENT_UNITS[selection.event], durationNs, total, value: toBase64(value), lanes };
}
