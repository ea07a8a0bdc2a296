/** A fix as a row: what it would save, what that would gain, and what is known of it. */
import type { Finding } from "../../protocol/findings.js";

export interface FixText {
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  /** The verdict of its proof, or "unproved". */
  readonly state: "unproved" | "proved" | "weak" | "refused" | "failed";
  readonly icon: string;
}

const ICONS: Readonly<Record<FixText["state"], string>> = {
  unproved: "lightbulb",
  proved: "pass-filled",
  weak: "warning",
  refused: "circle-slash",
  failed: "error",
};

export function fixText({ title, share, proof, places, advice, fix }: Finding): FixText {
  const state = proof?.verdict ?? "unproved";
  const speedup = proof?.speedup;
  const place = places[0];
  const measured =
    speedup === undefined ? "" : ` ${speedup.median.toFixed(2)} times as fast (${speedup.low.toFixed(2)} to ${speedup.high.toFixed(2)})`;
  const gain = fix === undefined ? "" : ` · all at most ${fix.expectedGain.toFixed(2)} times as fast`;
  const where = place === undefined ? "" : `${place.location?.file.split("/").at(-1) ?? ""}:${place.location?.line ?? ""}`;
  const saved = share < 0.001 ? "<0.1 %" : `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
  const reason = proof?.reason === undefined ? "" : `\n${proof.reason}`;
  return {
    // A side bar is narrow: what tells them apart comes first.
    label: where,
    description: `${saved} · ${state}${state === "proved" ? `,${measured}` : ""}${gain} · ${title}`,
    tooltip: `${title}\n${advice}${reason}${measured === "" ? "" : `\n${place?.functionName ?? ""}:${measured}`}`,
    state,
    icon: ICONS[state],
  };
}
