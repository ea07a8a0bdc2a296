import { relative } from "node:path";

/** Relative where that is shorter and stays inside. */
export function shortPath(path: string, cwd: string): string {
  const near = relative(cwd, path);
  return near === "" || near.startsWith("..") || !path.startsWith("/") ? path : near;
}

/** What a terminal would obey instead of showing it; names come from the programs that were recorded. */
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** The first `numbers` columns to the right, texts to the left. */
export function aligned(named: readonly (readonly string[])[], numbers: number): readonly string[] {
  const rows = named.map((row) => row.map((cell) => cell.replace(CONTROLS, "\ufffd")));
  const last = Math.max(...rows.map((row) => row.length)) - 1;
  const widths = Array.from({ length: last }, (_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column < numbers ? cell.padStart(widths[column] ?? 0) : column < last ? cell.padEnd(Math.min(widths[column] ?? 0, 60)) : cell,
      )
      .join("  ")
      .trimEnd(),
  );
}
