/** What the status bar says. Pure. */
import type { ClientNotifications } from "../../protocol/language-server.js";
import { memoryText } from "../events/event-words.js";
import { percent } from "../heat/heat-levels.js";
import type { LiveFigures } from "./live-figures.js";
import type { SessionState } from "./session-state.js";

export interface StatusText {
  readonly text: string;
  readonly tooltip: string;
}

type Change = ClientNotifications["flameline/changed"];

/** Longer names are cut in the bar and whole in the tooltip. */
const NAME_LENGTH = 28;

/** The bar's text, or undefined where there is nothing to say. `nowUnixMs` is the wall clock. */
export function statusText(state: SessionState, change: Change | undefined, nowUnixMs: number): StatusText | undefined {
  switch (state.kind) {
    case "idle":
      return undefined;
    case "connecting":
      return {
        text: "$(loading~spin) Flameline: starting the helper",
        tooltip: "Finding or starting the recording helper. Click to cancel.",
      };
    case "choosing":
      return { text: "$(question) Flameline: choose what to record", tooltip: "Nothing is recorded yet. Click to cancel." };
    case "loading":
      return {
        text: `$(loading~spin) Flameline: ${state.phase === "loading" ? "loading into the kernel" : "attaching"}`,
        tooltip: "The first recording loads the sampler into the kernel, which takes some seconds. Click to cancel.",
      };
    case "stopping":
      return { text: "$(loading~spin) Flameline: saving", tooltip: "Waiting for the last samples." };
    case "recording":
      return recordingText(state, change, nowUnixMs);
  }
}

/** ", 12 lost", or nothing. */
function counted(count: number, what: string): string {
  return count > 0 ? `, ${count.toLocaleString("en")} ${what}` : "";
}

function recordingText(state: SessionState & { kind: "recording" }, change: Change | undefined, nowUnixMs: number): StatusText {
  const { figures } = state;
  const hottest = change?.recording === state.id ? change.hottest : null;
  const share = change === undefined ? "" : percent(change.hottestShare);
  const cost = figures.ownShare;
  const inRange = change?.range ? `of ${change.range} ` : "";
  const parts = [
    clock(nowUnixMs - state.startUnixMs),
    `${Math.round(figures.rate)}/s`,
    ...(hottest === null || hottest === undefined ? [] : [`${shorten(hottest.name)} ${share}`]),
    ...(cost === undefined ? [] : [`cost ${percent(cost)}`]),
  ];
  const tooltip = [
    `Recording ${state.name}. Click to stop.`,
    `${figures.samples.toLocaleString("en")} samples${counted(figures.lost, "lost")}${counted(figures.incomplete, "with an incomplete stack")}, ${Math.round(figures.rate)} a second.`,
    ...thinnedText(figures.thinnedWaits),
    ...(hottest === null || hottest === undefined
      ? ["No sample yet."]
      : [`Hottest: ${hottest.name}, ${share} ${change?.selection.event === "off_cpu" ? "of the waiting " : ""}${inRange}itself.`]),
    ...(change?.recording === state.id ? memoryText(change.memory ?? []) : []),
    ...(cost === undefined
      ? []
      : [
          `Recording itself takes ${percent(cost)} of this machine${figures.kernelTells ? "" : ", and its part in the kernel, which the kernel does not tell this helper"}.`,
        ]),
  ];
  return { text: `$(record) ${parts.join(" · ")}`, tooltip: tooltip.join("\n") };
}

function thinnedText(thinned: LiveFigures["thinnedWaits"]): string[] {
  if (thinned === undefined) return [];
  const { waits, stacks } = thinned;
  return [
    `Stacks of ${stacks.toLocaleString("en")} of ${waits.toLocaleString("en")} waits stand for all: totals are counted, their lines are drawn by chance.`,
  ];
}

function shorten(name: string): string {
  return name.length <= NAME_LENGTH ? name : `${name.slice(0, NAME_LENGTH - 1)}…`;
}

/** "0:07", "12:30", "1:02:03". */
export function clock(milliseconds: number): string {
  const seconds = Math.max(Math.floor(milliseconds / 1000), 0);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
