import { relative } from "node:path";

/** Relative where that is shorter and stays inside. */
export function shortPath(path: string, cwd: string): string {
  const near = relative(cwd, path);
  return near === "" || near.startsWith("..") || !path.startsWith("/") ? path : near;
}

/** The first `numbers` columns to the right, texts to the left. */
export function aligned(rows: readonly (readonly string[])[], numbers: number): readonly string[] {
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
