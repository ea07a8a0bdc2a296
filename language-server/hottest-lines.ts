import { PairTable } from "../profile/pair-table.js";
import type { Places } from "./places.js";
import type { View } from "./view.js";

/**
 * Of each function the line id through which most of its time goes: its highest total, of equal ones that of the highest self cost; -1
 * where it has no line here. Functions can share a line (an arrow function and what passes it on), so costs are summed for each
 * (function, line).
 */
export function hottestLines(view: View, places: Places, functions: number): Int32Array {
  const pairs = new PairTable();
  const groups = Array.from({ length: places.contexts }, (_, context) =>
    places
      .linesOf(context)
      .map((id, position) => (id >= 0 && places.lineNumber.at(id) > 0 ? pairs.intern(places.functionOf(position), id) : -1)),
  );
  const none = new Int32Array(0);
  const { self, total } = view.sumBy(pairs.length, (context) => groups[context] ?? none);
  const best = new Int32Array(functions).fill(-1);
  for (let pair = 0; pair < pairs.length; pair++) {
    const fn = pairs.first.at(pair);
    const known = best[fn] ?? -1;
    const [mine, others] = [total[pair] ?? 0, total[known] ?? 0];
    if (known < 0 || mine > others || (mine === others && (self[pair] ?? 0) > (self[known] ?? 0))) {
      best[fn] = pair;
    }
  }
  return best.map((pair) => (pair < 0 ? -1 : pairs.second.at(pair)));
}
