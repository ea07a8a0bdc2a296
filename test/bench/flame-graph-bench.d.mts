export interface BenchRow {
  readonly nodes: number;
  readonly action: string;
  /** ms between frames: of an empty page (p95), and of the graph. */
  readonly empty: number;
  readonly median: number;
  readonly p95: number;
  /** ms of script a frame, p95, and of layout a frame, mean. */
  readonly work: number;
  readonly layoutMs: number;
  readonly met: boolean;
}
export function runFlameGraphBench(factor?: number): Promise<BenchRow[]>;
export function benchTable(rows: readonly BenchRow[]): string;
