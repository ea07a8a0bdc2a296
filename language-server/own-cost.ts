import type { LoadedRecording } from "./loaded-recording.js";
import type { GroupSums, View } from "./view.js";

/**
 * Costs as the editor shows them. With just-my-code, *self* of the user's lines and functions has the library, runtime
 * and kernel code that they call; *total* is the same either way. Everything else keeps its bare self cost.
 */
export function shownLines(loaded: LoadedRecording, view: View): GroupSums {
  const { places } = loaded;
  return view.once("shown lines", () => {
    const sums = view.lines();
    if (!loaded.justMyCode) {
      return sums;
    }
    const own = view.ownBy(
      places.lines,
      (context) => places.linesOf(context),
      (fn) => loaded.owner(fn) === "mine",
    );
    const self = sums.self.map((cost, id) => (loaded.owner(places.lineFunction.at(id)) === "mine" ? (own[id] ?? 0) : cost));
    return { self, total: sums.total };
  });
}

/** The same by function index. */
export function shownFunctions(loaded: LoadedRecording, view: View): GroupSums {
  return view.once("shown functions", () => {
    const { self, total } = view.functions();
    if (!loaded.justMyCode) {
      return { self, total };
    }
    const { places } = loaded;
    const functionOf = new Int32Array(places.positions).map((_, position) => places.functionOf(position));
    const own = view.ownBy(
      self.length,
      () => functionOf,
      (fn) => loaded.owner(fn) === "mine",
    );
    return { self: self.map((cost, fn) => (loaded.owner(fn) === "mine" ? (own[fn] ?? 0) : cost)), total };
  });
}

/** Self cost by groups of positions of one file, as {@link shownLines} counts it. */
export function shownSelf(
  loaded: LoadedRecording,
  view: View,
  path: number,
  sums: GroupSums,
  groupOf: (context: number) => Int32Array,
): Float64Array {
  const own = loaded.justMyCode && loaded.ownerOfPath(path) === "mine";
  return own ? view.ownBy(sums.self.length, groupOf, (fn) => loaded.owner(fn) === "mine") : sums.self;
}
