// The flame graph's frames, as rows of `npm run bench`.
import { benchTable, runFlameGraphBench } from "./flame-graph-bench.mjs";

export const bench = {
  title: "Flame graph: frame interval's 95th percentile while zooming, panning, scrolling and searching, beside an empty page's",
  run: async ({ scale }) => {
    const rows = await runFlameGraphBench(scale);
    console.log(benchTable(rows));
    return rows.map((row) => ({
      what: `${row.nodes.toLocaleString("en-US")} nodes, ${row.action}`,
      value: row.p95,
      unit: "ms",
      target: Number(row.frameTarget.toFixed(1)),
      note: `script ${row.work.toFixed(1)} ms, layout ${row.layoutMs.toFixed(1)} ms a frame`,
    }));
  },
};
