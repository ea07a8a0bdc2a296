/**
 * What d3-flame-graph asks of six d3 packages, for a chart whose transitions take no time. The build puts this file in the place of
 * d3-array, d3-dispatch, d3-ease, d3-format, d3-scale and d3-transition (scripts/webview-bundle.mjs): a fifth of the page's script
 * for animations and scales that are never seen. The build fails when the chart imports a name that is not here.
 */
import { selection } from "d3-selection";

/**
 * d3-transition gives every selection `transition()`, whose setters take effect in later frames. Here the selection itself is the
 * transition: its setters take effect at once.
 */
function itself(this: unknown): unknown {
  return this;
}
Object.assign(selection.prototype, { transition: itself, duration: itself, delay: itself, ease: itself });

/** The order of two names, ascending. */
export function ascending(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Never asked for: it shapes a transition's course. */
export function easeCubic(progress: number): number {
  return progress;
}

/** `.3f` is the one format that the chart knows. */
export function format(_specifier: ".3f"): (value: number) => string {
  return (value) => value.toFixed(3);
}

interface Scale {
  (share: number): number;
  range(ends: readonly [number, number]): Scale;
}

/** Maps 0 to 1 onto `range`. */
export function scaleLinear(): Scale {
  let [start, end] = [0, 1] as readonly [number, number];
  const scale: Scale = Object.assign((share: number): number => start + (end - start) * share, {
    range(ends: readonly [number, number]): Scale {
      [start, end] = ends;
      return scale;
    },
  });
  return scale;
}
