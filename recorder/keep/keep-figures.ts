/** What is shown of profiling that stays on. */
import type { RateReason } from "./rate-controller.js";

/** Of a run, over the last seconds. */
export interface KeepFigures {
  /** 0 while it pauses. */
  readonly hz: number;
  readonly reason: RateReason;
  /** Share of the machine, 0 to 1. */
  readonly share: number | undefined;
  /** Time without sampling of this run so far. */
  readonly pausedMs: number;
  readonly samples: number;
  readonly lost: number;
  /** Processes whose files wait to be read within the budget; their stacks are not whole yet. */
  readonly unread: number;
  readonly memoryBytes: number;
  readonly segments: number;
}

/** "41 samples a second" or why there are none. */
export function rateText(hz: number, reason: RateReason): string {
  switch (reason) {
    case "paused-cpu":
      return "paused: even one sample a second costs more than the budget";
    case "paused-burst":
      return "paused for some seconds: reading new programs has used up the budget";
    case "paused-memory":
      return "paused: the helper takes more memory than the budget";
    case "budget":
    case "highest":
      return `${hz} ${hz === 1 ? "sample" : "samples"} a second on each processor`;
  }
}
