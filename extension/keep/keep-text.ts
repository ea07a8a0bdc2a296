/** What the status bar says of Keep Profiling. Pure. */
import { describe } from "../../recorder/failures.js";
import type { KeepState } from "../../recorder/keep/keeper.js";
import type { StatusText } from "../recording/status-text.js";

/** The bar's text, or undefined where it is off. */
export function keepText(state: KeepState, cpuPercent: number, minutes: number): StatusText | undefined {
  switch (state.kind) {
    case "off":
      return undefined;
    case "starting":
      return { text: "$(history) starting", tooltip: "Keep Profiling is starting. Click to show the last minutes." };
    case "waiting":
      return {
        text: "$(history) waiting",
        tooltip: `Keep Profiling is not recording: ${describe(state.failure).sentence} It is tried again in ${state.seconds} s.`,
      };
    case "running":
      return runningText(state, cpuPercent, minutes);
  }
}

function runningText({ figures }: KeepState & { kind: "running" }, cpuPercent: number, minutes: number): StatusText {
  const { hz, reason, share, pausedMs, samples, lost, unread, memoryBytes } = figures;
  const cost = share === undefined ? undefined : `${(share * 100).toFixed(share < 0.1 ? 2 : 1)} %`;
  const paused = reason !== "highest" && reason !== "budget";
  const why: Readonly<Record<typeof reason, string>> = {
    highest: "the highest rate",
    budget: `what fits into ${cpuPercent} %`,
    "paused-cpu": `even one sample a second would take more than ${cpuPercent} % of this machine, so it pauses for part of the time`,
    "paused-burst": "reading new programs has used up the budget, so it pauses for some seconds",
    "paused-memory": "the helper takes more memory than it may, so it pauses",
  };
  const tooltip = [
    `Keep Profiling: the last ${minutes} minutes are on disk. Click to show them.`,
    paused ? `Paused: ${why[reason]}.` : `${hz} ${hz === 1 ? "sample" : "samples"} a second on each processor: ${why[reason]}.`,
    ...(cost === undefined
      ? []
      : [`It takes ${cost} of this machine, of ${cpuPercent} % that it may, and ${Math.round(memoryBytes / 1e6)} MB of memory.`]),
    `${samples.toLocaleString("en")} samples${lost > 0 ? `, ${lost.toLocaleString("en")} lost` : ""}.`,
    ...(unread === 0
      ? []
      : [
          `${unread === 1 ? "1 process waits" : `${unread} processes wait`} to be read within the budget; until then their stacks are not whole.`,
        ]),
    ...(pausedMs < 1000 ? [] : [`It has paused for ${Math.round(pausedMs / 1000)} s in all.`]),
  ];
  const rate = paused ? "paused" : `${hz}/s`;
  return { text: `$(history) ${rate}${cost === undefined ? "" : ` · ${cost}`}`, tooltip: tooltip.join("\n") };
}
