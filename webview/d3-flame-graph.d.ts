// The package carries no types; these are the parts that are used here.
declare module "d3-flame-graph" {
  import type { Selection } from "d3-selection";

  export interface FlameNode<D> {
    readonly data: D;
    /** Share of the chart's width at which the node begins and ends. */
    readonly x0: number;
    readonly x1: number;
  }

  export interface FlameGraph<D> {
    (selection: Selection<HTMLElement, D, null, undefined>): void;
    width(pixels: number): FlameGraph<D>;
    height(pixels: number): FlameGraph<D>;
    cellHeight(pixels: number): FlameGraph<D>;
    transitionDuration(ms: number): FlameGraph<D>;
    /** Root at the top. */
    inverted(inverted: boolean): FlameGraph<D>;
    setLabelHandler(label: (node: FlameNode<D>) => string): FlameGraph<D>;
    setColorMapper(color: (node: FlameNode<D>) => string): FlameGraph<D>;
  }

  export default function flamegraph<D>(): FlameGraph<D>;
}
